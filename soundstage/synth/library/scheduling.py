"""Plays hits at their instants: events laid over each other, block by block."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from soundstage.sound import BLOCK_FRAMES, SAMPLE_RATE, Block, frames_of
from soundstage.synth.library.hits import Hit
from soundstage.synth.library.recording import Recording
from soundstage.synth.library.sounding import excerpt, faded

_EDGE = SAMPLE_RATE // 500
_RELEASE = SAMPLE_RATE // 20


@dataclass(frozen=True)
class Event:
    """A hit that strikes at a time (seconds from the take's start), with gain, speed and longest length (seconds)."""

    time: float
    recording: Recording
    hit: Hit
    gain: float = 1.0
    speed: float = 1.0
    longest: float = 12.0

    @property
    def start(self) -> float:
        """When its first sample sounds, in seconds; it may lie before the take."""
        return self.time - (self.hit.strike - self.hit.start) / self.speed

    @property
    def end(self) -> float:
        """When its last sample has sounded."""
        return self.start + min(self.hit.duration / self.speed, self.longest)


def played(events: Sequence[Event], frames: int, channels: int) -> Iterator[Block]:
    """The events as sound of exactly `frames` frames; only what sounds now is held in memory."""
    waiting = sorted(events, key=lambda event: event.start)
    sounding: list[tuple[int, Block]] = []
    for start in range(0, frames, BLOCK_FRAMES):
        end = min(start + BLOCK_FRAMES, frames)
        while waiting and frames_of(waiting[0].start) - 1 < end:
            sounding.append(_sound_of(waiting.pop(0), frames, channels))
        yield _laid_over(sounding, start, end, channels)
        sounding = [(place, sound) for place, sound in sounding if place + len(sound) > end]


def _laid_over(sounding: Sequence[tuple[int, Block]], start: int, end: int, channels: int) -> Block:
    block = np.zeros((end - start, channels), np.float32)
    for place, sound in sounding:
        first, last = max(place, start), min(place + len(sound), end)
        if last > first:
            block[first - start : last - start] += sound[first - place : last - place]
    return block


def _sound_of(event: Event, frames: int, channels: int) -> tuple[int, Block]:
    """Where an event's first sample goes, so that it strikes on the nearest frame; faded where it is cut."""
    hit = event.hit
    sound = excerpt(
        event.recording, hit.start, hit.start + (event.end - event.start) * event.speed, channels, event.speed
    )
    place = frames_of(event.time) - frames_of((hit.strike - hit.start) / event.speed)
    if place < 0:
        sound, place = sound[-place:], 0
    cut = place + len(sound) > frames or event.end - event.start < hit.duration / event.speed
    sound = sound[: max(0, frames - place)]
    return place, faded(sound, _EDGE, _RELEASE if cut else _EDGE) * np.float32(event.gain)
