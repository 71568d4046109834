import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soundstage.inspection.waveform import Outline, waveform_peaks
from soundstage.sound import write_blocks


@given(frames=st.integers(1, 400), buckets=st.integers(1, 60), cut=st.integers(1, 150), channels=st.integers(1, 2))
@settings(deadline=None)
def test_blocks_of_any_size_give_the_lowest_and_highest_of_each_bucket(frames, buckets, cut, channels):
    sound = np.random.default_rng(frames).uniform(-1, 1, (frames, channels)).astype(np.float32)
    outline = Outline(buckets, frames)
    for start in range(0, frames, cut):
        outline.add(sound[start : start + cut])
    seen = outline.waveform()
    edges = np.linspace(0, frames, buckets + 1).round().astype(int)
    for number, (start, end) in enumerate(itertools.pairwise(edges)):
        part = sound[start:end] if end > start else np.zeros((1, 1))
        assert seen.low[number] == pytest.approx(part.min())
        assert seen.high[number] == pytest.approx(part.max())
        assert seen.rms[number] == pytest.approx(np.sqrt(np.mean(part**2)), abs=1e-6)


def test_peaks_of_a_file(tmp_path):
    path = tmp_path / "ramp.flac"
    ramp = np.linspace(0, 0.5, 48_000)
    write_blocks(path, [np.stack([ramp, -ramp], axis=1).astype(np.float32)], 2)
    peaks = waveform_peaks(path, 4)
    assert peaks.shape == (4, 2)
    assert peaks[:, 1] == pytest.approx([0.125, 0.25, 0.375, 0.5], abs=1e-3)
    assert peaks[:, 0] == pytest.approx(-peaks[:, 1], abs=1e-3)


def test_a_sound_shorter_than_the_film_ends_in_silence():
    outline = Outline(4, 400)
    outline.add(np.full((100, 1), 0.5, np.float32))
    assert outline.waveform().high.tolist() == [0.5, 0, 0, 0]


def test_what_comes_after_the_film_is_left_out():
    outline = Outline(2, 100)
    outline.add(np.full((60, 1), 0.25, np.float32))
    outline.add(np.concatenate([np.full((40, 1), 0.5), np.full((500, 1), 0.9)]).astype(np.float32))
    assert outline.waveform().high.tolist() == [0.25, 0.5]
