"""The whole of the offline metrics on files: each moves the way it should, and says what it lacks."""

from pathlib import Path

import numpy as np
import pytest

from soundstage.errors import BadSound
from soundstage.evaluation.bench.entries import Event
from soundstage.evaluation.offline.gauges import FD_MEL, FD_MEL_UNBIASED, GAUGES
from soundstage.evaluation.offline.listening import Heard, Soundtrack, hear
from soundstage.evaluation.offline.measuring import offline_measures
from soundstage.sound import SAMPLE_RATE
from tests.evaluation.offline.tracks import EVENTS, shifted, track, with_noise
from tests.review.sounds import Signal, write

SECONDS = 11.0
FILMS = {
    "hammer": (EVENTS[:7], 800.0),
    "clock": (tuple(np.arange(1.2, 10.5, 1.37)), 2500.0),
    "steps": ((2.0, 3.1, 9.0), 300.0),
}


@pytest.fixture(scope="module")
def references(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("references")
    return {film: write(folder / f"{film}.flac", _sound(film, seed=7)) for film in FILMS}


def _sound(film: str, seed: int = 0) -> Signal:
    events, hertz = FILMS[film]
    return track(events, SECONDS, hertz, seed)


def _hear(folder: Path, film: str, sound: Signal, references: dict[str, Path]) -> Heard:
    events = tuple(Event(time=float(time)) for time in FILMS[film][0])
    file = write(folder / f"{film}.flac", sound)
    return hear(Soundtrack(film, file, references[film], events))


def _measured(folder: Path, references: dict[str, Path], **sounds: Signal) -> dict[str, float | None]:
    found = [_hear(folder, film, sounds.get(film, _sound(film)), references) for film in FILMS]
    return {measure.name: measure.value for measure in offline_measures(found)}


def test_a_shift_raises_the_timing_error_by_as_much(tmp_path, references) -> None:
    before = _hear(tmp_path, "hammer", _sound("hammer"), references).values
    after = _hear(tmp_path, "hammer", shifted(_sound("hammer"), 0.5), references).values
    assert before["event-f1"] == 1
    assert after["timing-error"] - before["timing-error"] == pytest.approx(0.5, abs=0.002)
    assert after["like-lag"] == pytest.approx(0.5, abs=0.005)


def test_swapped_films_lower_agreement_and_keep_the_distance_of_the_set(tmp_path, references) -> None:
    own = _measured(tmp_path, references)
    swapped = _measured(tmp_path, references, hammer=_sound("clock"), clock=_sound("hammer"))
    for name in ("Event F1 (100 ms)", "Loudness curve like the reference's", "Onset curve like the reference's"):
        assert swapped[name] < own[name]
    assert swapped["Spectral distance to the reference"] > own["Spectral distance to the reference"]
    assert swapped[FD_MEL] == pytest.approx(own[FD_MEL], rel=1e-6)


def test_noise_raises_the_distance_of_the_set_step_by_step(tmp_path, references) -> None:
    noisy = [{film: with_noise(_sound(film), ratio) for film in FILMS} for ratio in (20, 10, 0)]
    distances = [_measured(tmp_path, references, **sounds)[FD_MEL] for sounds in ({}, *noisy)]
    assert np.all(np.diff(distances) > 0)


def test_seams_that_were_cut_in_raise_the_seam_metrics(tmp_path) -> None:
    def joined(sound: Signal) -> dict[str, float]:
        file = write(tmp_path / "sound.flac", sound)
        return hear(Soundtrack("steps", file, joins=(2.5, 5.0, 7.5), scenes=(5.0,))).values

    cut = with_noise(_sound("steps"), 10)
    whole = joined(cut)
    cut[round(2.5 * SAMPLE_RATE) : 5 * SAMPLE_RATE] *= 2
    cut[round(7.5 * SAMPLE_RATE) :] *= 2
    seamed = joined(cut)
    assert seamed["seam-level"] > whole["seam-level"] + 3
    assert seamed["seam-rank"] > whole["seam-rank"]
    assert seamed["scene-level"] > whole["scene-level"] + 3


def test_what_is_not_known_of_the_films_is_named(tmp_path) -> None:
    file = write(tmp_path / "sound.flac", _sound("steps"))
    found = {measure.name: measure for measure in offline_measures([hear(Soundtrack("steps", file))])}
    assert len(found) == len(GAUGES) + 2
    assert found["Event F1 (100 ms)"].note == "no film has events"
    assert found["Motion and onsets"].note == "no film has the film's motion curve"
    assert found[FD_MEL].note == found[FD_MEL_UNBIASED].note == "no film has a reference sound"
    assert found["Integrated loudness"].films.keys() == {"steps"}


def test_that_a_soundtrack_begins_is_no_extra_onset(tmp_path) -> None:
    file = write(tmp_path / "sound.flac", with_noise(_sound("steps"), 20))
    events = tuple(Event(time=time) for time in FILMS["steps"][0])
    assert hear(Soundtrack("steps", file, events=events)).values["extra-onsets"] == 0


def test_silence_is_measured_as_far_as_it_goes(tmp_path, references) -> None:
    found = _hear(tmp_path, "steps", np.zeros(round(SECONDS * SAMPLE_RATE)), references).values
    assert found["silence"] == 1
    assert found["longest-silence"] == pytest.approx(SECONDS)
    assert found["event-recall"] == 0
    assert {"loudness", "loudness-range", "true-peak", "timing-error"}.isdisjoint(found)


def test_a_file_that_is_no_sound_is_named(tmp_path) -> None:
    (tmp_path / "sound.flac").write_bytes(b"no sound")
    with pytest.raises(BadSound, match=r"sound\.flac"):
        hear(Soundtrack("steps", tmp_path / "sound.flac"))
