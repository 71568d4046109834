import pytest
from pydantic import ValidationError

from services.backbone.options import JobOptions, speech_kind

SRT = "1\n00:00:01,000 --> 00:00:02,000\nHello.\n"
VTT = "WEBVTT\n\n00:01.000 --> 00:02.000\nHello.\n"


@pytest.mark.parametrize(("text", "kind"), [(SRT, "srt"), (VTT, "vtt"), ("\ufeff" + VTT, "vtt")])
def test_kinds_of_subtitles_are_told_apart(text: str, kind: str):
    assert speech_kind(text) == kind
    assert JobOptions(speech=text).speech == text


@pytest.mark.parametrize("text", ["", "no times at all", "WEBVTT\n\n"], ids=["empty", "no times", "no lines"])
def test_lines_that_cannot_be_spoken_are_refused(text: str):
    with pytest.raises(ValidationError, match="speech"):
        JobOptions(speech=text)


@pytest.mark.parametrize(
    ("original", "over"),
    [
        pytest.param("keep", False, id="keep"),
        pytest.param("duck", False, id="duck"),
        pytest.param("replace", False, id="replace"),
        pytest.param("remove", True, id="remove"),
    ],
)
def test_lines_are_spoken_over_dialogue_only_where_it_is_removed(original: str, over: bool):
    assert JobOptions.model_validate({"original": original}).studio().over_dialogue is over
