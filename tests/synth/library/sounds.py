"""Samples that tests record: beds, knocks, tones."""

import numpy as np

Sound = np.ndarray


def noise(seconds: float, rate: int = 44_100, level: float = 0.1, seed: int = 0, channels: int = 1) -> Sound:
    """Even noise, stereo with two channels."""
    made = np.random.default_rng(seed).standard_normal((round(seconds * rate), channels)) * level
    return made[:, 0] if channels == 1 else made


def tone(seconds: float, pitch: float, rate: int = 44_100) -> Sound:
    """A sine at a fifth of full scale."""
    return 0.2 * np.sin(2 * np.pi * pitch * np.arange(round(seconds * rate)) / rate)


def knocks(*times: float, length: float, rate: int = 44_100, decay: float = 0.03, pitch: float = 700.0) -> Sound:
    """Struck tones at the given times in near silence."""
    sound = noise(length, rate, level=1e-5)
    time = np.arange(round(0.25 * rate)) / rate
    knock = 0.6 * np.exp(-time / decay) * np.sin(2 * np.pi * pitch * time + 1.0)
    for at in times:
        start = round(at * rate)
        part = knock[: len(sound) - start]
        sound[start : start + len(part)] += part
    return sound
