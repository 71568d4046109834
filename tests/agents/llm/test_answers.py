import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from soundstage.agents.llm import told
from soundstage.agents.llm.answers import CaptionAnswer, Found, NarrationLine, ShotAnswer, SoundAnswer


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        ("a dog", "a dog"),
        ("  a\n dog\t", "a dog"),
        ("a\u202edog\x00", "a dog"),
        ("\u200ba\u200b dog\ufeff", "a dog"),
        ("größer 犬", "größer 犬"),
    ],
    ids=["plain", "in lines", "turned about", "with marks that cannot be seen", "in any script"],
)
def test_words_are_one_line_of_what_can_be_seen(given_: str, kept: str) -> None:
    assert Found(name=given_).name == kept


@pytest.mark.parametrize("empty", ["", " ", "\u200b", "\n\x00"])
def test_words_that_cannot_be_seen_do_not_fit(empty: str) -> None:
    with pytest.raises(ValidationError):
        Found(name=empty)
    with pytest.raises(ValidationError):
        NarrationLine(pause=1, text=empty)
    with pytest.raises(ValidationError):
        SoundAnswer(words=empty, reason="seen")


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -0.1, 1.1])
def test_a_share_is_between_nothing_and_all(number: float) -> None:
    with pytest.raises(ValidationError):
        Found(name="a dog", confidence=number)


def test_what_was_not_asked_for_is_dropped() -> None:
    answer = CaptionAnswer.model_validate({"background": "a", "summary": "b", "path": "/etc/passwd"})
    assert "path" not in answer.model_dump()


texts = st.text(max_size=30)
found = st.lists(st.fixed_dictionaries({"name": texts, "confidence": st.floats(0, 1)}), max_size=5)


@given(st.fixed_dictionaries({"background": texts, "summary": texts, "entities": found, "actions": found}))
def test_whatever_fits_the_structure_is_a_caption(answer: dict[str, object]) -> None:
    try:
        read = ShotAnswer.model_validate(answer)
    except ValidationError:
        return
    caption = told.as_caption(read, 0.5)
    assert len({each.name for each in caption.entities}) == len(caption.entities)
