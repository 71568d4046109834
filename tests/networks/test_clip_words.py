import json

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("tokenizers")

from soundstage.errors import BadModel, MissingPart  # noqa: E402
from soundstage.networks.clip.words import END, START, ClipWords  # noqa: E402

MERGES = [("d", "o"), ("do", "g</w>"), ("r", "a"), ("ra", "in</w>"), ("i", "n</w>"), ("c", "a"), ("'", "s</w>")]


def letters():
    """The characters that stand for the 256 bytes, in CLIP's order: printable ones first, as themselves."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + index) for index in range(len(others))]


def vocabulary():
    tokens = letters()
    tokens += [letter + "</w>" for letter in tokens]
    tokens += ["".join(pair) for pair in sorted(MERGES, key=MERGES.index)]
    return {token: number for number, token in enumerate([*tokens, START, END])}


NUMBERS = vocabulary()


def written(folder, as_one_file=False):
    pairs = [" ".join(pair) for pair in MERGES]
    plain = {token: number for token, number in NUMBERS.items() if token not in (START, END)}
    added = [{"id": NUMBERS[token], "content": token, "special": True} for token in (START, END)]
    if as_one_file:
        model = {"type": "BPE", "vocab": plain, "merges": pairs}
        (folder / "tokenizer.json").write_text(json.dumps({"added_tokens": added, "model": model}), encoding="utf-8")
    else:
        (folder / "vocab.json").write_text(json.dumps(NUMBERS), encoding="utf-8")
        (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *pairs, ""]), encoding="utf-8")
    return folder


@pytest.fixture
def words(tmp_path):
    return ClipWords.read(written(tmp_path))


def spoken(words, text):
    """The tokens between start and end."""
    names = {number: token for token, number in NUMBERS.items()}
    row = words([text])[0].tolist()
    assert row[0] == NUMBERS[START]
    return [names[number] for number in row[1 : row.index(NUMBERS[END])]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dog", ["dog</w>"]),
        ("Dog  RAIN\n", ["dog</w>", "rain</w>"]),
        ("do", ["d", "o</w>"]),
        ("dog's", ["dog</w>", "'s</w>"]),
        ("dog’s", ["dog</w>", "'s</w>"]),
        ("do\x07g\ufeff", ["dog</w>"]),
        ("42", ["4</w>", "2</w>"]),
        ("?!", ["?", "!</w>"]),
        ("&amp;lt;", ["<</w>"]),
        ("cafe\u0301", ["ca", "f", "Ã", "©</w>"]),
        ("", []),
    ],
    ids=[
        "merged",
        "case and space",
        "no merge",
        "ending",
        "curly",
        "unseen",
        "digits",
        "signs",
        "escaped",
        "accent",
        "empty",
    ],
)
def test_a_text_falls_into_tokens(words, text, expected):
    assert spoken(words, text) == expected


def test_texts_are_filled_up_with_zeros(words):
    tokens = words(["dog", "dog rain"])
    assert tokens.shape == (2, 77)
    assert tokens.dtype == torch.long
    assert tokens[0, 3:].eq(0).all()
    assert tokens[1, 3:5].tolist() == [NUMBERS[END], 0]


def test_too_long_a_text_is_cut_and_still_ends(words):
    tokens = words(["dog " * 100])
    assert tokens[0, 75:].tolist() == [NUMBERS["dog</w>"], NUMBERS[END]]


def test_a_text_cannot_speak_in_special_tokens(words):
    assert NUMBERS[END] not in [NUMBERS[token] for token in spoken(words, END)]


def test_both_kinds_of_model_folder_give_the_same(tmp_path, words):
    one = tmp_path / "one"
    one.mkdir()
    text = ["A dog's rain, 1977 — café"]
    assert torch.equal(ClipWords.read(written(one, as_one_file=True))(text), words(text))


def test_a_folder_without_tokenizer_says_how_to_get_one(tmp_path):
    with pytest.raises(MissingPart, match="models pull"):
        ClipWords.read(tmp_path)


@pytest.mark.parametrize(
    "content",
    ["{", "[]", '{"model": {"vocab": {"a": 0}, "merges": []}, "added_tokens": []}', '{"model": 3, "added_tokens": []}'],
    ids=["cut off", "a list", "no start", "no model"],
)
def test_a_damaged_tokenizer_is_refused(tmp_path, content):
    (tmp_path / "tokenizer.json").write_text(content, encoding="utf-8")
    with pytest.raises(BadModel, match=r"tokenizer\.json"):
        ClipWords.read(tmp_path)


def test_a_vocabulary_without_its_merges_is_refused(tmp_path):
    (written(tmp_path) / "merges.txt").unlink()
    with pytest.raises(BadModel, match="merges"):
        ClipWords.read(tmp_path)


def test_merges_of_unknown_tokens_are_refused(tmp_path):
    (written(tmp_path) / "merges.txt").write_text("q qq\n", encoding="utf-8")
    with pytest.raises(BadModel, match=r"vocab\.json"):
        ClipWords.read(tmp_path)
