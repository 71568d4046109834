import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soundstage.errors import BadSound
from soundstage.knowledge.label import Behaviour
from soundstage.review.hearing import Hearing, best, good_enough, listen
from soundstage.review.hits import heard_hits
from soundstage.sound import SAMPLE_RATE
from tests.review.sounds import cue, gunshot, hits, label, noise, struck, tone, write

STEADY, REPEATED, SINGLE = Behaviour.STEADY, Behaviour.REPEATED, Behaviour.SINGLE
BED = noise(4.0)


def with_hole(sound, start, end):
    sound = sound.copy()
    sound[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)] = 0
    return sound


def with_spike(sound, at, height, width=1):
    sound = sound.copy()
    first = round(at * SAMPLE_RATE)
    sound[first : first + width] += height
    return sound


def with_step(sound, at, height):
    sound = sound.copy()
    sound[round(at * SAMPLE_RATE) :] += height
    return sound


FAULTS = {
    "silent": ("silence", np.zeros(4 * SAMPLE_RATE), label(), cue(4), "the whole take is silent"),
    "gap": ("silence", with_hole(BED, 1.5, 2.1), label(), cue(4, start=10), "for 0.60 s at 11.50 s"),
    "clipped": ("clipping", noise(4, 0.6), label(), cue(4), "samples are clipped"),
    "lost sample": ("clicks", with_spike(tone(4), 1.25, 0.4), label(), cue(4, start=2), "1 click, first at 3.25 s"),
    "wide click": ("clicks", with_spike(noise(4, 0.02), 2, 0.9, width=3), label(), cue(4), "1 click, first at 2.00 s"),
    "bad join": ("clicks", with_step(tone(4, 90), 3.0, 0.1), label(), cue(4), "1 click, first at 3.00 s"),
    "far too quiet": ("level", noise(4, 0.0006), label(), cue(4, level=-16), "raised by"),
    "offset": ("level", BED + 0.08, label(), cue(4), "its mean is off zero by 0.080"),
    "no headroom": ("level", hits(4, 2), label(SINGLE), cue(4, level=-10), "peaks would reach"),
    "too high": ("band", BED, label(low=50, high=500, centroid=200), cue(4), "of its energy lies in 50 to 500 Hz"),
    "late": ("hits", hits(4, 1.34), label(SINGLE), cue(4, 1.2, start=2), "at 3.20 s, heard it at 3.34 s"),
    "missed": ("hits", hits(4, 1), label(REPEATED), cue(4, 1, 3), "at 3.00 s, heard none near it (1 of 2 are missing)"),
    "extra": ("hits", hits(4, 1, 3), label(SINGLE), cue(4, 1), "heard 1 more than asked for, first at 3.00 s"),
    "short": ("length", noise(3.5), label(), cue(4), "asked for 4.000 s, it lasts 3.500 s"),
    "hits for a bed": ("behaviour", hits(4, 1, 3), label(), cue(4), "asked for a bed"),
    "bed for hits": ("behaviour", BED, label(REPEATED), cue(4), "it goes on evenly"),
}


@pytest.mark.parametrize(("check", "sound", "wanted", "asked", "reason"), FAULTS.values(), ids=FAULTS)
def test_each_fault_is_heard_and_said(tmp_path, check, sound, wanted, asked, reason):
    heard = listen(write(tmp_path / "take.flac", sound), asked, wanted)
    score, said = heard.scores[check]
    assert score < 0.85
    assert reason in said


GOOD = {
    "bed": (BED, label(), cue(4)),
    "hum": (tone(4, 100), label(low=50, high=200, centroid=100), cue(4)),
    "footsteps": (hits(4, 0.5, 1.1, 1.7, 2.3), label(REPEATED, centroid=2000), cue(4, 0.5, 1.1, 1.7, 2.3)),
    "gunshot": (hits(4, 1.0, hit=gunshot()), label(SINGLE), cue(4, 1.0, level=-30)),
    "hit at once": (hits(2, 0.0), label(SINGLE, centroid=2000), cue(2, 0.0, level=-25)),
    "long horn": (tone(4, 400), label(SINGLE, centroid=400, decay=3), cue(4)),
    "speech": (hits(4, 0.3, 1.2, 2.8), None, cue(4)),
}


@pytest.mark.parametrize(("sound", "wanted", "asked"), GOOD.values(), ids=GOOD)
def test_a_good_take_passes_every_check(tmp_path, sound, wanted, asked):
    heard = listen(write(tmp_path / "take.flac", sound, sound), asked, wanted)
    assert {name: verdict for name, verdict in heard.scores.items() if verdict[0] < 0.9} == {}
    assert good_enough(heard)


def test_many_irregular_clicks_are_a_crackle(tmp_path):
    at = np.random.default_rng(5).uniform(0.1, 3.9, 60)
    sound = noise(4, 0.001)
    for time in at:
        sound = with_spike(sound, time, 0.3)
    heard = listen(write(tmp_path / "fire.flac", sound), cue(4), label())
    assert heard.scores["clicks"] == (1.0, "a crackle, no clicks")


def test_regular_clicks_are_no_crackle(tmp_path):
    sound = tone(4)
    for time in np.arange(0.1, 3.9, 0.1):
        sound = with_spike(sound, time, 0.3)
    heard = listen(write(tmp_path / "blocks.flac", sound), cue(4), label())
    assert heard.scores["clicks"][0] < 0.1


def test_the_first_instant_of_a_hit_is_no_click(tmp_path):
    thud = 0.6 * np.cos(2 * np.pi * 70 * np.arange(9600) / SAMPLE_RATE) * np.exp(-np.arange(9600) / 2000)
    path = write(tmp_path / "thud.flac", hits(3, 1.0, hit=thud))
    assert listen(path, cue(3, 1.0), label(SINGLE)).scores["clicks"][0] == 1.0
    assert listen(path, cue(3), label()).scores["clicks"][0] == 0.5


def test_the_course_of_one_sound_is_not_many(tmp_path):
    gobble = np.concatenate([struck(decay=0.03, seconds=0.1) for _ in range(10)]) + noise(1.0, 0.01)
    path = write(tmp_path / "gobble.flac", hits(3, 1.0, hit=gobble))
    assert listen(path, cue(3, 1.0), label(SINGLE)).scores["hits"][0] > 0.95


@pytest.mark.parametrize(("anchor", "right"), [(3.0, True), (1.0, False), (4.5, False)])
def test_what_passes_by_is_nearest_at_its_anchor(tmp_path, anchor, right):
    time = np.arange(6 * SAMPLE_RATE) / SAMPLE_RATE
    passing = noise(6) / (1 + (2 * (time - 3)) ** 2)
    heard = listen(write(tmp_path / "car.flac", passing), cue(6, anchor), label(SINGLE, attack=1.0, decay=1.5))
    assert (heard.scores["hits"][0] > 0.9) == right


def test_a_slow_sound_hits_between_its_beginning_and_its_peak(tmp_path):
    whoosh = struck(decay=0.3) * np.minimum(1, np.arange(19200) / 9600)
    path = write(tmp_path / "whoosh.flac", hits(3, 1.0, hit=whoosh))
    slow = listen(path, cue(3, 1.15), label(SINGLE, attack=0.2))
    quick = listen(path, cue(3, 1.15), label(SINGLE))
    assert slow.scores["hits"][0] > 0.95 > 0.5 > quick.scores["hits"][0]


def test_what_was_measured_is_told(tmp_path):
    heard = listen(write(tmp_path / "take.flac", tone(4, 1000, 0.5), tone(4, 1000, 0.5)), cue(4), label())
    assert (heard.frames, heard.channels) == (4 * SAMPLE_RATE, 2)
    assert heard.peak == pytest.approx(-6.02, abs=0.05)
    assert heard.loudness == pytest.approx(-6.02, abs=0.1)


def test_hits_in_a_long_take_are_heard_around_its_anchors(tmp_path):
    times = (0.5, 70.0, 70.6, 129.5)
    path = write(tmp_path / "long.flac", hits(130, *times))
    heard = listen(path, cue(130, *times, level=-40), label(REPEATED))
    assert heard.scores["hits"][0] > 0.99


def test_a_file_that_is_no_sound_is_refused(tmp_path):
    path = tmp_path / "take.flac"
    path.write_text("no sound")
    with pytest.raises(BadSound, match="cannot be read as sound"):
        listen(path, cue(4), label())


def hearing(score):
    return Hearing(score=score, scores={}, loudness=-20, peak=-3, frames=1, channels=1)


def test_the_best_take_wins_and_the_first_of_equals():
    assert best([hearing(0.4), hearing(0.8), hearing(0.8)]) == 1


@pytest.mark.parametrize("scores", [{"a": (0.3, "")}, {"a": (0.74, ""), "b": (0.74, "")}], ids=["one bad", "all so-so"])
def test_not_every_take_is_good_enough(scores):
    worst, mean = min(s for s, _ in scores.values()), np.mean([s for s, _ in scores.values()])
    assert not good_enough(Hearing((worst * mean) ** 0.5, scores, -20, -3, 1, 1))


@given(st.floats(0, 0.24), st.floats(0, 0.24), st.booleans(), st.integers(1, 5))
@settings(deadline=None)
def test_the_further_off_the_lower_the_hits_score(one, other, early, number):
    anchors = [1.0 + n for n in range(number)]
    near, far = sorted((one, other))

    def shifted(by):
        return heard_hits(cue(7, *anchors), None, [a - by if early else a + by for a in anchors])[0]

    assert shifted(near) >= shifted(far)
    assert shifted(0) == 1.0


@given(st.sets(st.integers(0, 5)), st.integers(0, 5))
@settings(deadline=None)
def test_every_missing_hit_lowers_the_score(there, dropped):
    asked = cue(7, *(1.0 + n for n in range(6)))
    more = heard_hits(asked, None, [1.0 + n for n in sorted(there | {dropped})])[0]
    fewer = heard_hits(asked, None, [1.0 + n for n in sorted(there - {dropped})])[0]
    assert more > fewer


def test_a_longer_shift_of_real_sound_scores_lower(tmp_path):
    def score(shift):
        path = write(tmp_path / f"{shift}.flac", hits(4, 1 + shift, 2 + shift))
        return listen(path, cue(4, 1, 2), label(REPEATED)).scores["hits"][0]

    scores = [score(shift) for shift in (0.0, 0.03, 0.06, 0.12, 0.2)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > 0.99 > 0.2 > scores[-1]
