from dataclasses import dataclass

import numpy as np
import pytest

from soundstage.cuesheet import Cue, Layer
from soundstage.errors import BadSound, MissingPart
from soundstage.sound import SAMPLE_RATE, Block
from soundstage.synth.speech.maker import SpeechMaker


@dataclass(frozen=True)
class Hummer:
    """A voice that hums a third of a second for each word, and hurries only as far as `haste`."""

    name: str = "hummer"
    language: str = "en"
    licence: str = "CC0-1.0"
    haste: float = 2.0
    identity: str = "hummer@1"

    def say(self, text: str, speed: float = 1.0, *, seed: int = 0) -> Block:
        seconds = len(text.split()) / 3 / min(speed, self.haste)
        time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
        quiet = np.zeros(SAMPLE_RATE // 5)
        hum = np.sin(2 * np.pi * (120 + seed % 7) * time)
        return np.concatenate([quiet, 0.1 * hum, quiet]).astype(np.float32)[:, None]


def cue(text: str | None = "one two three four five six", seconds: float = 4.0, **more: object) -> Cue:
    layer = Layer.SPEECH if text else Layer.EFFECTS
    return Cue.model_validate(
        {"id": "line", "layer": layer, "label": "speech", "text": text, "start": 5, "end": 5 + seconds, "level": -18}
        | more
    )


def render(cue: Cue, voice: Hummer | None = None, seed: int = 0) -> Block:
    return np.concatenate(list(SpeechMaker([voice or Hummer()]).make(cue, seed).blocks))


def spoken_seconds(sound: Block) -> float:
    loud = np.flatnonzero(np.abs(sound[:, 0]) > 0.01)
    return float(loud[-1] - loud[0]) / SAMPLE_RATE


def test_a_line_lasts_its_cue_and_starts_with_it():
    sound = render(cue(seconds=4.0))
    assert sound.shape == (4 * SAMPLE_RATE, 1)
    assert np.flatnonzero(np.abs(sound[:, 0]) > 0.01)[0] < 0.03 * SAMPLE_RATE
    assert spoken_seconds(sound) == pytest.approx(2.0, abs=0.03)


@pytest.mark.parametrize("haste", [2.0, 1.1, 1.0], ids=["voice hurries", "hurries a little", "never hurries"])
@pytest.mark.parametrize("seconds", [1.9, 1.65])
def test_a_line_too_long_is_spoken_faster(haste: float, seconds: float):
    sound = render(cue(seconds=seconds), Hummer(haste=haste))
    assert len(sound) == round(seconds * SAMPLE_RATE)
    assert spoken_seconds(sound) == pytest.approx(seconds, abs=0.06)


def test_a_line_that_cannot_fit_is_named_with_the_time_it_needs():
    with pytest.raises(BadSound, match=r"line \('one two three.*needs at least 1\.6\d s but has 1\.40 s"):
        SpeechMaker([Hummer()]).make(cue(seconds=1.4), 0)


def test_the_same_seed_gives_the_same_samples():
    assert np.array_equal(render(cue(), seed=3), render(cue(), seed=3))


def test_another_seed_gives_another_take():
    assert not np.array_equal(render(cue(), seed=3), render(cue(), seed=4))


def test_leaves_headroom():
    assert 0.5 < np.abs(render(cue())).max() < 0.9


def test_says_whose_voice_it_is():
    rendering = SpeechMaker([Hummer()]).make(cue(), 0)
    assert (rendering.licence, rendering.sources) == ("CC0-1.0", ("voice hummer (CC0-1.0)",))


@pytest.mark.parametrize(
    ("speaker", "voice"),
    [
        pytest.param(None, "ann", id="the only one"),
        pytest.param(0.0, "ann", id="first"),
        pytest.param(1.0, "cid", id="second, not with the voice of another language"),
        pytest.param(2.0, "ann", id="more speakers than voices"),
        pytest.param(float("inf"), "ann", id="no number"),
    ],
)
def test_speakers_have_voices_of_their_own(speaker: float | None, voice: str):
    maker = SpeechMaker([Hummer("ann"), Hummer("bea", language="de_DE"), Hummer("cid", language="en_GB")])
    rendering = maker.make(cue(parameters={} if speaker is None else {"speaker": speaker}), 0)
    assert rendering.sources == (f"voice {voice} (CC0-1.0)",)


def test_a_voice_that_is_named_outweighs_the_speaker():
    rendering = SpeechMaker([Hummer("ann"), Hummer("bea")]).make(cue(voice="ann", parameters={"speaker": 1}), 0)
    assert rendering.sources == ("voice ann (CC0-1.0)",)


def test_an_unknown_voice_is_refused_with_the_names_there_are():
    with pytest.raises(BadSound, match="no voice 'bob'; the voices here are: hummer"):
        SpeechMaker([Hummer()]).make(cue(voice="bob"), 0)


def test_without_a_voice_the_message_says_what_to_install():
    with pytest.raises(MissingPart, match="pip install piper-tts"):
        SpeechMaker([]).make(cue(), 0)


def test_without_a_voice_a_line_is_still_offered_so_that_the_message_is_seen():
    assert 0 < SpeechMaker([]).can_make(cue()).score < SpeechMaker([Hummer()]).can_make(cue()).score


def test_makes_nothing_but_lines():
    assert SpeechMaker([Hummer()]).can_make(cue(text=None)).score == 0


def test_a_take_hangs_on_the_voice_that_speaks_it():
    def basis(*voices: Hummer, **more: object) -> str:
        return SpeechMaker(voices).can_make(cue(**more)).basis

    assert basis(Hummer()) == basis(Hummer(), Hummer("other", "fr", identity="other@1"))
    assert basis(Hummer()) != basis(Hummer(identity="hummer@2"))
    assert basis(Hummer(), Hummer("other", identity="other@1"), voice="other") == "other@1"
    assert basis(Hummer(), voice="nobody") == ""


@pytest.mark.parametrize(
    ("licence", "free"),
    [
        ("CC0-1.0", True),
        ("Public Domain", True),
        ("CC BY 4.0", True),
        ("cc-by-sa-4.0", True),
        ("MIT", True),
        ("CC-BY-NC-4.0", False),
        ("CC BY-NC-SA 4.0", False),
        ("CC BY 4.0, non-commercial", False),
        ("See URL", False),
        ("unknown", False),
    ],
)
def test_for_commerce_only_voices_speak_whose_licence_allows_it(licence: str, free: bool):
    maker = SpeechMaker([Hummer(licence=licence)])
    fit = maker.for_commerce().can_make(cue())
    assert fit.score == (1.0 if free else 0.1)
    assert maker.can_make(cue()).score == 1.0
    if not free:
        with pytest.raises(MissingPart, match="install one"):
            maker.for_commerce().make(cue(), 0)
