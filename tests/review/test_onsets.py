from itertools import product

import numpy as np
import pytest
from scipy.signal import lfilter

from soundstage.review.onsets import onsets_in, onsets_of
from tests.review.sounds import gunshot, hits, noise, stereo, struck, tone, write

TIMES = (0.31, 0.93, 1.4, 2.222)
HITS = {
    "struck": struck(),
    "thump": struck(hertz=60) + 2 * struck(hertz=55),
    "tick": struck(hertz=5000, decay=0.003),
    "gunshot": gunshot(),
}


@pytest.mark.parametrize(("kind", "bed"), list(product(HITS, (0.0, 0.003))), ids=str)
def test_every_beginning_is_heard_within_three_milliseconds(kind, bed):
    sound = hits(3.0, *TIMES, hit=HITS[kind]) + noise(3.0, bed)
    found = [o.time for o in onsets_of(stereo(sound)) if o.time > 0.1]
    assert found == pytest.approx(TIMES, abs=0.003)


def test_a_slow_attack_is_heard_while_it_rises():
    attack = struck(decay=0.3) * np.minimum(1, np.arange(19200) / 4800)
    (found,) = onsets_of(stereo(hits(2.0, 0.7, hit=attack)))
    assert 0.7 <= found.time <= 0.75


def test_a_sound_that_starts_at_once_begins_at_zero():
    (found,) = onsets_of(stereo(noise(2.0)))
    assert found.time == pytest.approx(0.0, abs=0.002)


@pytest.mark.parametrize(
    "sound", [noise(5.0), tone(5.0), lfilter([1], [1, -0.99], noise(5.0, 0.01))], ids=["noise", "tone", "rumble"]
)
def test_a_steady_sound_has_no_beginning_inside(sound):
    assert [o for o in onsets_of(stereo(sound)) if 0.1 < o.time < 4.9 and o.rise >= 10] == []


def test_silence_has_no_beginning():
    assert onsets_of(stereo(np.zeros(48_000))) == ()
    assert onsets_of(stereo(np.zeros(0))) == ()


def test_a_hit_on_one_side_only_is_heard():
    (found,) = onsets_of(stereo(np.zeros(48_000), hits(1.0, 0.5)))
    assert found.time == pytest.approx(0.5, abs=0.003)


def test_a_long_file_is_heard_as_a_short_one(tmp_path):
    times = np.arange(0.4, 49.0, 1.37)
    path = write(tmp_path / "long.flac", hits(50.0, *times))
    assert [o.time for o in onsets_in(path)] == pytest.approx(times, abs=0.003)
    part = [o.time for o in onsets_in(path, 10.0, 31.0)]
    assert part == pytest.approx(times[(times >= 10) & (times < 31)], abs=0.003)


def test_a_howl_that_rises_slowly_is_heard_where_it_begins():
    time = np.arange(2 * 48_000) / 48_000
    howl = tone(2.0, 500) * np.clip((time - 0.5) / 0.4, 0, 1) ** 2
    (found,) = onsets_of(stereo(howl))
    assert 0.5 <= found.time <= 0.75


def test_a_beating_tone_begins_at_its_first_sample():
    bell = (tone(1.0, 338) + tone(1.0, 412) + tone(1.0, 505)) * np.exp(-np.arange(48_000) / 24_000)
    (found,) = onsets_of(stereo(hits(2.0, 0.5, hit=bell)))
    assert found.time == pytest.approx(0.5, abs=0.003)
