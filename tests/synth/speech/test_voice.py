import json
from pathlib import Path

import numpy as np
import pytest

from soundstage.cuesheet import Cue
from soundstage.film.dialogue import transcribe
from soundstage.sound import SAMPLE_RATE, write_blocks
from soundstage.synth.speech.maker import SpeechMaker
from soundstage.synth.speech.voice import PiperVoice, Voice, piper_voices_in, voices

needs_voice = pytest.mark.skipif(not voices(), reason="no voice is installed (the extra `voice`)")


@pytest.fixture(scope="module")
def voice() -> Voice:
    return voices()[0]


@needs_voice
def test_speaks_mono_at_the_house_rate(voice: Voice):
    sound = voice.say("Good morning, captain.")
    assert sound.dtype == np.float32
    assert sound.shape[1] == 1
    assert 0.8 < len(sound) / SAMPLE_RATE < 3.0


@needs_voice
def test_the_same_seed_gives_the_same_samples(voice: Voice):
    assert np.array_equal(voice.say("Come inside.", seed=5), voice.say("Come inside.", seed=5))


@needs_voice
def test_another_seed_gives_another_reading(voice: Voice):
    one, two = voice.say("Come inside.", seed=5), voice.say("Come inside.", seed=6)
    assert len(one) != len(two) or not np.array_equal(one, two)


@needs_voice
def test_hurries_when_asked(voice: Voice):
    text = "The train leaves at seven from the old station."
    assert len(voice.say(text, 1.25, seed=1)) < 0.9 * len(voice.say(text, 1.0, seed=1))


@needs_voice
def test_a_hurried_line_is_still_understood(tmp_path: Path):
    cue = Cue.model_validate(
        {
            "id": "line",
            "layer": "speech",
            "label": "speech",
            "text": "Good morning, captain. The train leaves at seven.",
            "start": 0,
            "end": 2.35,
            "level": -18,
        }
    )
    rendering = SpeechMaker().make(cue, 3)
    quiet = np.zeros((SAMPLE_RATE // 2, 1), np.float32)
    write_blocks(tmp_path / "line.flac", [quiet, *rendering.blocks, quiet], 1)
    heard = " ".join(line.text for line in transcribe(tmp_path / "line.flac")).lower()
    assert "morning" in heard
    assert "train leaves" in heard


def test_a_voice_of_the_users_own_is_found_by_its_name(tmp_path: Path):
    (tmp_path / "de_DE-eva_k-x_low.onnx").touch()
    (tmp_path / "de_DE-eva_k-x_low.onnx.json").write_text(json.dumps({}))
    (tmp_path / "MODEL_CARD").write_text("* License: CC-BY 4.0\n")
    (tmp_path / "no-config.onnx").touch()
    assert piper_voices_in(tmp_path) == [PiperVoice("eva_k", tmp_path / "de_DE-eva_k-x_low.onnx", "de_DE", "CC-BY 4.0")]
