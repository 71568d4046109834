from dataclasses import fields

import numpy as np
import pytest

from soundstage import sound
from soundstage.review.measure import Measured, Measurement, measure
from tests.review.sounds import hits, noise, write


@pytest.mark.parametrize("size", [100, 4801, 65_536], ids=lambda size: f"{size} frames")
def test_what_is_measured_on_the_way_is_what_the_file_measures(tmp_path, size):
    path = write(tmp_path / "take.flac", hits(3.21, 0.5, 1.7) + noise(3.21, 0.01), noise(3.21, 0.02))
    measurement = Measurement(sound.facts(path))
    passed = list(measurement.passing(sound.read_blocks(path, size)))

    measured, whole = measurement.result(), measure(path)

    assert sum(map(len, passed)) == whole.frames
    for field in fields(Measured):
        if field.name != "spectrum":
            np.testing.assert_allclose(getattr(measured, field.name), getattr(whole, field.name), rtol=1e-4, atol=1e-6)
    assert _share_below(measured, 1000) == pytest.approx(_share_below(whole, 1000), abs=0.03)


def _share_below(measured: Measured, hertz: float) -> float:
    return float(measured.spectrum[measured.frequencies < hertz].sum() / measured.spectrum.sum())
