"""Voices of transformers: tiny VITS and SpeechT5 models, saved and spoken with on the spot."""

import json
import shutil
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from soundstage.cuesheet import Cue  # noqa: E402
from soundstage.errors import BadModel, BadSound, MissingPart  # noqa: E402
from soundstage.networks.rack import Rack, Setting  # noqa: E402
from soundstage.sound import SAMPLE_RATE  # noqa: E402
from soundstage.synth.speech.maker import SpeechMaker  # noqa: E402
from soundstage.synth.speech.neural import NeuralVoice, neural_voices  # noqa: E402
from soundstage.synth.speech.neural.characters import numbers_of, read_letters  # noqa: E402
from soundstage.synth.speech.neural.numbers import in_words  # noqa: E402
from soundstage.synth.speech.neural.seeding import Seeded  # noqa: E402
from soundstage.synth.speech.neural.speecht5 import _parts  # noqa: E402
from soundstage.weights.card import Does, Licence, ModelCard  # noqa: E402
from tests.synth.speech.talkers import save_hifigan, save_speaker, save_speecht5, save_vits  # noqa: E402

TEXT = "hello"


def card(name: str, family: str, **more: object) -> ModelCard:
    licence = Licence("CC-BY-NC-4.0", commercial=False)
    facts = {"does": Does.SPEECH, "says": "", "licence": licence, "page": "", "commercial": False, "languages": ("en",)}
    return ModelCard(name=name, family=family, **{**facts, **more})


VITS = card("mms-eng", "vits")
FRENCH = card("mms-fra", "vits", languages=("fra",))
SPEECHT5 = card("speecht5", "speecht5", needs=("hifigan",))


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("voices")
    save_vits(place / "mms-eng")
    save_vits(place / "mms-fra", language="fra")
    save_speecht5(place / "speecht5")
    save_hifigan(place / "hifigan")
    return place


@pytest.fixture
def spoiled(shelf: Path, tmp_path: Path) -> Path:
    """A copy of the shelf, to spoil."""
    return Path(shutil.copytree(shelf, tmp_path / "voices"))


def speakers(shelf: Path, *cards: ModelCard) -> tuple[NeuralVoice, ...]:
    rack = Rack(Setting(torch.device("cpu"), torch.bfloat16))
    return neural_voices(cards or (VITS, SPEECHT5), lambda name: shelf / name, rack)


@pytest.fixture(params=[VITS, SPEECHT5], ids=["vits", "speecht5"])
def voice(request: pytest.FixtureRequest, shelf: Path) -> NeuralVoice:
    return speakers(shelf, request.param)[0]


def test_speaks_mono_at_the_house_rate(voice: NeuralVoice):
    spoken = voice.say(TEXT, seed=1)
    assert spoken.dtype == np.float32
    assert spoken.shape[1] == 1
    assert 0.1 < len(spoken) / SAMPLE_RATE < 5
    assert spoken.std() > 1e-3


def test_the_same_seed_gives_the_same_samples(voice: NeuralVoice):
    assert np.array_equal(voice.say(TEXT, seed=5), voice.say(TEXT, seed=5))


def test_another_seed_gives_another_reading(voice: NeuralVoice):
    one, two = voice.say(TEXT, seed=5), voice.say(TEXT, seed=6)
    assert len(one) != len(two) or np.abs(one - two).max() > 1e-3


def test_chance_elsewhere_changes_nothing_and_is_not_changed(voice: NeuralVoice):
    before = voice.say(TEXT, seed=5)
    torch.manual_seed(1)
    state = torch.get_rng_state()
    assert np.array_equal(voice.say(TEXT, seed=5), before)
    assert torch.equal(torch.get_rng_state(), state)


def test_threads_may_share_a_voice(voice: NeuralVoice):
    alone = [voice.say(TEXT, seed=seed) for seed in range(4)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda seed: voice.say(TEXT, seed=seed), range(4)))
    assert all(np.array_equal(one, other) for one, other in zip(alone, together, strict=True))


def test_vits_hurries_when_asked(shelf: Path):
    (voice,) = speakers(shelf, VITS)
    text = "the train leaves at seven from the old station"
    assert len(voice.say(text, 1.25, seed=1)) < 0.9 * len(voice.say(text, 1.0, seed=1))


@pytest.mark.parametrize("text", ["", "...", "你好"])
def test_a_text_without_letters_of_the_language_is_refused(voice: NeuralVoice, text: str):
    with pytest.raises(BadSound, match="finds nothing to say"):
        voice.say(text)


def test_each_speaker_of_a_model_has_a_voice(tmp_path: Path):
    save_vits(tmp_path / "mms-eng", speakers=3)
    found = speakers(tmp_path, VITS)
    assert [voice.name for voice in found] == ["mms-eng-0", "mms-eng-1", "mms-eng-2"]
    readings = [voice.say(TEXT, seed=1) for voice in found]
    assert len(readings[0]) != len(readings[1]) or not np.allclose(readings[0], readings[1], atol=1e-3)


def test_embeddings_of_speakers_are_voices(spoiled: Path):
    save_speaker(spoiled / "speecht5" / "speakers" / "ann.npy", 1)
    save_speaker(spoiled / "speecht5" / "speakers" / "bob.npy", 2)
    found = speakers(spoiled, SPEECHT5)
    assert [voice.name for voice in found] == ["speecht5-ann", "speecht5-bob"]
    assert not np.allclose(found[0].say(TEXT, seed=1), found[1].say(TEXT, seed=1), atol=1e-3)


def test_an_archive_of_speakers_gives_each_a_voice(spoiled: Path):
    folder = spoiled / "speecht5" / "speakers"
    save_speaker(folder / "other.npy", 1)
    with zipfile.ZipFile(folder / "spkrec-xvect.zip", "w") as archive:
        for name in ("bdl_arctic-wav-arctic_a0002", "bdl_arctic-wav-arctic_a0001", "slt_arctic-wav-arctic_a0001"):
            archive.write(folder / "other.npy", f"spkrec-xvect/cmu_us_{name}.npy")
    found = speakers(spoiled, SPEECHT5)
    assert [voice.name for voice in found] == ["speecht5-other", "speecht5-bdl", "speecht5-slt"]
    assert found[1].person.member == "spkrec-xvect/cmu_us_bdl_arctic-wav-arctic_a0001.npy"
    assert np.array_equal(found[0].say(TEXT, seed=1), found[1].say(TEXT, seed=1))


def test_a_long_text_is_spoken_in_parts(shelf: Path):
    (voice,) = speakers(shelf, SPEECHT5)
    assert len(voice.say("hello there, old friend.", seed=1)) > 1.5 * len(voice.say("hello there,", seed=1))


def test_parts_break_at_punctuation_else_between_words():
    assert list(_parts("One two. Three four, five six seven", 12)) == ["One two.", "Three four,", "five six", "seven"]
    assert list(_parts("unbreakable", 4)) == ["unbr", "eaka", "ble"]
    assert "".join(_parts("a b c", 100)) == "a b c"


def test_models_that_are_not_there_or_do_not_speak_are_passed_over(shelf: Path):
    others = [card("none", "vits"), card("clap", "clap"), card("mms-eng", "vits", does=Does.LISTENING)]
    assert speakers(shelf, *others) == ()


def test_a_cue_is_spoken_in_its_language(shelf: Path):
    maker = SpeechMaker(speakers(shelf, VITS, FRENCH))

    def spoken_by(voice: str | None) -> tuple[str, ...]:
        return maker.make(line(voice), 1).sources

    assert spoken_by(None) == ("voice mms-eng (CC-BY-NC-4.0)",)
    for tag in ("fr", "fra", "fre", "FR", "fr_CA", "fr-FR", "mms-fra"):
        assert spoken_by(tag) == ("voice mms-fra (CC-BY-NC-4.0)",)
    with pytest.raises(BadSound, match="no voice 'de'; the voices here are: mms-eng, mms-fra"):
        spoken_by("de")


def test_a_line_fits_its_time(shelf: Path):
    maker = SpeechMaker(speakers(shelf, VITS))
    voice = speakers(shelf, VITS)[0]
    natural = len(voice.say("the train leaves at seven", seed=1)) / SAMPLE_RATE
    rendering = maker.make(line(None, text="the train leaves at seven", end=5 + natural / 1.15), 1)
    assert sum(len(block) for block in rendering.blocks) == round(natural / 1.15 * SAMPLE_RATE)


def line(voice: str | None, text: str = TEXT, end: float = 9.0) -> Cue:
    facts = {"id": "line", "layer": "speech", "label": "speech", "start": 5, "level": -18}
    return Cue.model_validate(facts | {"text": text, "voice": voice, "end": end})


def lose(path: str) -> Callable[[Path], None]:
    return lambda shelf: (shelf / path).unlink()


def cut(path: str) -> Callable[[Path], None]:
    def spoil(shelf: Path) -> None:
        (shelf / path).write_bytes((shelf / path).read_bytes()[:101])

    return spoil


def mix_up(shelf: Path) -> None:
    shutil.rmtree(shelf / "hifigan")
    shutil.copytree(shelf / "mms-eng", shelf / "hifigan")


def misshape_a_speaker(shelf: Path) -> None:
    (shelf / "speecht5" / "speakers").mkdir()
    np.save(shelf / "speecht5" / "speakers" / "ann.npy", np.zeros(3, np.float32))


def pickle_a_speaker(shelf: Path) -> None:
    (shelf / "speecht5" / "speakers").mkdir()
    np.save(shelf / "speecht5" / "speakers" / "ann.npy", np.array([{}], dtype=object), allow_pickle=True)


def settings(**changed: object) -> Callable[[Path], None]:
    def spoil(shelf: Path) -> None:
        file = shelf / "mms-eng" / "tokenizer_config.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | changed))

    return spoil


@pytest.mark.parametrize(
    ("spoil", "model", "error", "says"),
    [
        pytest.param(lose("mms-eng/model.safetensors"), VITS, BadModel, "no VitsModel", id="vits without weights"),
        pytest.param(cut("mms-eng/model.safetensors"), VITS, BadModel, "damaged or no VitsModel", id="vits cut short"),
        pytest.param(lose("mms-eng/vocab.json"), VITS, BadModel, "no VitsTokenizer", id="vits without letters"),
        pytest.param(settings(phonemize=True), VITS, MissingPart, "pip install phonemizer", id="needs phonemizer"),
        pytest.param(settings(is_uroman=True), VITS, MissingPart, "pip install uroman", id="needs uroman"),
        pytest.param(
            lose("speecht5/spm_char.model"), SPEECHT5, MissingPart, "models pull", id="speecht5 without letters"
        ),
        pytest.param(cut("speecht5/spm_char.model"), SPEECHT5, BadModel, "SentencePiece", id="letters cut short"),
        pytest.param(lambda s: shutil.rmtree(s / "hifigan"), SPEECHT5, MissingPart, "models pull", id="no vocoder"),
        pytest.param(mix_up, SPEECHT5, BadModel, "SpeechT5HifiGan", id="another vocoder"),
        pytest.param(misshape_a_speaker, SPEECHT5, BadModel, "3 numbers where a speaker has 8", id="odd speaker"),
        pytest.param(pickle_a_speaker, SPEECHT5, BadModel, "no speaker's embedding", id="pickled speaker"),
    ],
)
def test_what_is_wrong_with_a_model_is_said(
    spoil: Callable[[Path], None], model: ModelCard, error: type[Exception], says: str, spoiled: Path
):
    spoil(spoiled)
    (voice,) = speakers(spoiled, model)
    with pytest.raises(error, match=says) as raised:
        voice.say(TEXT)
    assert "\n" not in str(raised.value)


def test_letters_are_read_from_a_sentencepiece_model(shelf: Path):
    letters = read_letters(shelf / "speecht5" / "spm_char.model")
    assert (letters["<s>"], letters["</s>"], letters["▁"], letters["e"]) == (0, 2, 4, 5)
    assert numbers_of(" the  é", letters) == [4, letters["t"], letters["h"], 5, 4, letters["<unk>"], 2]
    assert numbers_of("é", letters) == numbers_of("...", letters) == [2]


def test_english_numbers_are_spelled():
    assert in_words("Train 7 leaves at 19:30.") == "Train seven leaves at nineteen thirty."


def test_what_is_drawn_follows_the_seed_alone():
    def drawn(seed: int) -> list[torch.Tensor]:
        with Seeded(seed):
            return [torch.randn(3), torch.randn_like(torch.zeros(3)), torch.bernoulli(torch.zeros(99), p=0.5)]

    first, same, other = drawn(1), drawn(1), drawn(2)
    assert all(torch.equal(one, two) for one, two in zip(first, same, strict=True))
    assert not any(torch.equal(one, two) for one, two in zip(first, other, strict=True))
    assert 20 < first[2].sum() < 80


def test_a_voice_is_told_by_its_name_and_all_its_weights(shelf: Path):
    rack = Rack(Setting(torch.device("cpu"), torch.float32))
    (voice,) = neural_voices((SPEECHT5,), lambda name: shelf / name, rack, lambda name: f"{name}@1")
    assert voice.identity == f"{voice.name} {SPEECHT5.needs[0]}@1+{SPEECHT5.name}@1"


def test_a_mended_model_speaks_again(spoiled: Path):
    weights = spoiled / VITS.name / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:100])
    rack = Rack(Setting(torch.device("cpu"), torch.float32))

    def first() -> NeuralVoice:
        return neural_voices((VITS,), lambda name: spoiled / name, rack)[0]

    for _ in range(2):
        with pytest.raises(BadModel):
            first().say(TEXT)
    weights.write_bytes(whole)
    assert len(first().say(TEXT))
