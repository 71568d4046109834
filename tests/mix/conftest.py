from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from soundstage.cuesheet import Cue, CueSheet, Line
from soundstage.loudness import LoudnessMeter
from soundstage.mix.film import MixOptions, MixResult, Original, Outputs, mix_film
from soundstage.reading import SOUND_FILE, FilmFacts, Reading, Shot, SoundFacts, VideoFacts
from soundstage.sound import SAMPLE_RATE, Block
from soundstage.synth.maker import Take
from tests.documents import sheet


def noise(seconds: float, level: float = 0.1, channels: int = 2, seed: int = 0) -> Block:
    rng = np.random.default_rng(seed)
    return (rng.standard_normal((round(seconds * SAMPLE_RATE), channels)) * level).clip(-1, 1).astype(np.float32)


def steady(seconds: float, level: float = 0.1, channels: int = 1) -> Block:
    """A constant, so that gains can be read off the samples."""
    return np.full((round(seconds * SAMPLE_RATE), channels), level, np.float32)


@dataclass
class Desk:
    """A folder in which takes are made and mixed."""

    folder: Path

    def take(self, name: str, sound: Block, **changes: object) -> Take:
        """A take of its measured loudness, unless told otherwise."""
        path = self.folder / f"{name}.take.flac"
        soundfile.write(path, sound, SAMPLE_RATE, subtype="PCM_24")
        meter = LoudnessMeter(sound.shape[1])
        meter.add(sound)
        given: dict[str, object] = {
            "cue": name,
            "identity": name,
            "path": path,
            "frames": len(sound),
            "channels": sound.shape[1],
            "loudness": meter.integrated,
            "peak": meter.true_peak,
            "maker": "test",
            "licence": "CC0-1.0",
            "seed": 0,
        }
        return Take(**{**given, **changes})  # type: ignore[arg-type]

    def own_sound(self, sound: Block) -> None:
        """What the film sounds like by itself."""
        soundfile.write(self.folder / SOUND_FILE, sound, SAMPLE_RATE, subtype="PCM_24")

    def reading(self, duration: float, *, lines: tuple[Line, ...] = (), **facts: object) -> Reading:
        """A reading of a film of so many seconds; it has sound when there is a file of it."""
        sound = SoundFacts(codec="aac", sample_rate=SAMPLE_RATE, channels=2)
        given: dict[str, object] = {
            "digest": "0" * 64,
            "name": "film.mp4",
            "container": "mov",
            "duration": duration,
            "video": VideoFacts(codec="h264", width=160, height=90, fps=25, frames=round(duration * 25)),
            "sound": sound if (self.folder / SOUND_FILE).exists() else None,
        }
        made = FilmFacts.model_validate({**given, **facts})
        return Reading(facts=made, shots=(Shot(index=0, start=0, end=duration),), dialogue=lines)

    def mix(
        self,
        cues: tuple[Cue, ...],
        takes: dict[str, Take],
        *,
        duration: float = 5.0,
        lines: tuple[Line, ...] = (),
        document: CueSheet | None = None,
        **options: object,
    ) -> tuple[MixResult, dict[str, NDArray[np.float64]]]:
        """Mix without a film; gives the result, and master and stems as arrays by name."""
        out = Outputs(self.folder / "master.flac", stems=self.folder / "stems")
        reading = self.reading(duration, lines=lines)
        chosen = MixOptions(**{"original": Original.KEEP, **options})  # type: ignore[arg-type]
        told: list[float] = []
        document = document or sheet(cues, length=duration)
        result = mix_film(self.folder / "none.mp4", reading, self.folder, document, takes, out, chosen, told.append)
        assert told == sorted(told)
        assert told[-1] == pytest.approx(1.0)
        files = [out.master, *(self.folder / "stems").glob("*.flac")]
        return result, {path.stem: soundfile.read(path, always_2d=True)[0] for path in files}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def make_desk(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Desk]:
    """For property tests, where every example needs a folder of its own."""
    return lambda: Desk(tmp_path_factory.mktemp("desk"))
