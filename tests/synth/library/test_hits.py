from itertools import pairwise

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from soundstage.synth.library.hits import hits_in, whole_events
from soundstage.synth.library.recording import Recording
from tests.synth.library.conftest import Record
from tests.synth.library.sounds import knocks, noise, tone


def test_every_knock_is_found_at_its_instant(record: Record):
    times = (0.3, 1.0, 1.9)
    hits = hits_in(record("knocks.wav", knocks(*times, length=3.0)))
    assert [hit.strike for hit in hits] == [pytest.approx(time, abs=0.003) for time in times]
    assert all(hit.start <= hit.strike < hit.end for hit in hits)


def test_knocks_over_a_hum_are_found(record: Record):
    sound = knocks(0.5, 1.5, length=2.5) + 0.05 * tone(2.5, 60)
    assert [hit.strike for hit in hits_in(record("hum.wav", sound))] == [
        pytest.approx(0.5, abs=0.005),
        pytest.approx(1.5, abs=0.005),
    ]


def test_a_knock_in_the_ring_of_another_is_a_hit_of_its_own(record: Record):
    hits = hits_in(record("ring.wav", knocks(0.2, 0.7, length=2.0, decay=0.12)))
    assert [hit.strike for hit in hits] == [pytest.approx(0.2, abs=0.003), pytest.approx(0.7, abs=0.005)]


def test_sound_from_the_first_sample_on_strikes_there(record: Record):
    (hit,) = hits_in(record("cut.wav", knocks(0.0, length=0.5)))
    assert hit.strike < 0.002


def test_steady_noise_is_one_hit(record: Record):
    recording = record("noise.wav", noise(2.0))
    (hit,) = hits_in(recording)
    assert hit.end == pytest.approx(2.0, abs=0.01)


def test_silence_has_none(record: Record):
    assert hits_in(record("silence.wav", np.zeros(44_100))) == ()


def test_much_weaker_hits_are_left_out(record: Record):
    sound = knocks(0.3, length=2.0) + 0.05 * knocks(1.2, length=2.0)
    assert [hit.strike for hit in hits_in(record("two.wav", sound))] == [pytest.approx(0.3, abs=0.003)]


def test_hits_close_together_are_one_event_that_strikes_with_the_first_strong_one(record: Record):
    sound = 0.3 * knocks(0.2, length=3.0) + knocks(0.45, 0.7, 2.0, length=3.0)
    events = whole_events(hits_in(record("event.wav", sound)))
    assert [event.strike for event in events] == [pytest.approx(0.45, abs=0.005), pytest.approx(2.0, abs=0.005)]
    assert events[0].start < 0.2
    assert events[0].end > 0.75


@given(times=st.lists(st.integers(0, 9), min_size=1, max_size=6, unique=True), rate=st.sampled_from([22_050, 48_000]))
@settings(max_examples=15, deadline=None)
def test_hits_lie_in_order_inside_the_recording(times: list[int], rate: int, tmp_path_factory: pytest.TempPathFactory):
    sound = knocks(*[0.1 + 0.4 * time for time in times], length=4.2, rate=rate)
    path = tmp_path_factory.mktemp("hits") / "a.wav"
    soundfile.write(path, sound, rate)
    hits = hits_in(Recording(path, "a", len(sound), rate, 1))
    assert len(hits) == len(times)
    assert all(0 <= hit.start <= hit.strike < hit.end <= 4.2 for hit in hits)
    assert all(before.end <= after.end for before, after in pairwise(hits))
