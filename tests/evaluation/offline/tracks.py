"""Soundtracks whose every event is known, and what can be done to them."""

from itertools import pairwise

import numpy as np

from soundstage.evaluation.offline.profile import Profile, profile
from soundstage.sound import SAMPLE_RATE
from tests.review.sounds import Signal, hits, noise, stereo, struck

EVENTS = (1.1, 2.4, 4.9, 6.0, 7.7, 9.3, 10.2, 12.8, 13.5, 15.2, 16.9, 17.8)
SECONDS = 20.0


def track(events: tuple[float, ...] = EVENTS, seconds: float = SECONDS, hertz: float = 800.0, seed: int = 0) -> Signal:
    """Struck objects in faint noise."""
    return hits(seconds, *events, hit=struck(hertz)) + noise(seconds, 0.003, seed)


def shifted(sound: Signal, seconds: float) -> Signal:
    """As much later, as long as before."""
    late = np.concatenate([np.zeros(round(seconds * SAMPLE_RATE)), sound])
    return late[: len(sound)]


def with_noise(sound: Signal, ratio: float, seed: int = 9) -> Signal:
    """With white noise so many dB below it."""
    level = float(np.sqrt(np.mean(sound**2))) * 10 ** (-ratio / 20)
    return sound + noise(len(sound) / SAMPLE_RATE, level, seed)


def heard(*channels: Signal) -> Profile:
    """The profile of a sound held in memory, streamed in uneven blocks."""
    block = stereo(*channels)
    edges = [0, 100, 40_000, *range(70_000, len(block), 65_536), len(block)]
    return profile(block[start:end] for start, end in pairwise(edges))
