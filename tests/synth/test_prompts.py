"""Words for models: from the label, the Designer, and where the sound is."""

import pytest

from soundstage.cuesheet import Layer, Perspective
from soundstage.synth.prompts import avoided_in, prompt_of
from tests.documents import cue


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param(
            {"label": "raining", "prompt": "heavy  rain\non leaves"}, "raining, heavy rain on leaves", id="own words"
        ),
        pytest.param({"label": "raining", "perspective": Perspective.FAR}, "in the distance", id="far"),
        pytest.param({"label": "raining", "perspective": Perspective.NEAR}, "close", id="near"),
        pytest.param({"label": "raining"}, "continuous", id="a bed"),
    ],
)
def test_a_prompt_says(changes: dict[str, object], said: str) -> None:
    assert said in prompt_of(cue(**changes))


def test_a_prompt_begins_with_the_label_and_is_bounded() -> None:
    words = prompt_of(cue(label="raining", prompt="rain " * 300))

    assert words.startswith("raining")
    assert len(words) <= 300


@pytest.mark.parametrize(
    ("changes", "avoided", "welcome"),
    [
        pytest.param({"label": "raining"}, {"music", "speech"}, set(), id="a sound"),
        pytest.param({"label": "angry crowd", "layer": Layer.AMBIENCE}, {"music"}, {"speech"}, id="a voice"),
        pytest.param({"label": "raining", "layer": Layer.MUSIC}, {"speech"}, {"music"}, id="music"),
    ],
)
def test_what_is_avoided(changes: dict[str, object], avoided: set[str], welcome: set[str]) -> None:
    words = set(avoided_in(cue(**changes)).split(", "))

    assert avoided <= words
    assert not welcome & words
