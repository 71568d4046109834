"""Small recordings for tests of the library."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from soundstage.synth.library.recording import Recording

Sound = np.ndarray
Record = Callable[..., Recording]


@pytest.fixture
def record(tmp_path: Path) -> Record:
    """Write samples as a file below the test's folder `sounds`, and give the recording of it."""

    def write(name: str, sound: Sound, rate: int = 44_100, **more: object) -> Recording:
        path = tmp_path / "sounds" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, sound, rate, **({"subtype": "FLOAT"} if path.suffix == ".wav" else {}))
        channels = 1 if sound.ndim == 1 else sound.shape[1]
        return Recording(path, path.stem, len(sound), rate, channels, **more)

    return write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "sounds"
