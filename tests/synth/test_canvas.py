"""Joint denoising: windows that cover a long sound agree where they overlap, and nothing else changes it."""

from collections.abc import Sequence
from itertools import pairwise

import pytest

torch = pytest.importorskip("torch")

from soundstage.review.seams import seams  # noqa: E402
from soundstage.synth.canvas import Span, Stopped, Windows, denoise, noise  # noqa: E402
from tests.synth.fields import Blend, Hum, alone, concatenated, never, times  # noqa: E402

COVERS = [(1000, 345, 86), (345, 345, 86), (346, 345, 86), (27, 345, 86), (690, 345, 0), (25_840, 345, 86)]


@pytest.fixture(autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize(("length", "window", "overlap"), COVERS)
def test_windows_of_one_length_cover_the_canvas_and_overlap_enough(length, window, overlap) -> None:
    windows = Windows.over(length, window, overlap)
    spans = windows.spans

    assert {span.end - span.start for span in spans} == {min(length, window)}
    assert (spans[0].start, spans[-1].end) == (0, length)
    assert all(before.end - after.start >= overlap for before, after in pairwise(spans))


@pytest.mark.parametrize(("length", "window", "overlap"), COVERS)
def test_weights_are_positive_and_sum_to_one(length, window, overlap) -> None:
    windows = Windows.over(length, window, overlap)

    assert float(windows.weights.min()) > 0
    torch.testing.assert_close(windows.join(torch.ones(*windows.weights.shape, 1)), torch.ones(length, 1))


def test_weights_taper_towards_shared_edges_only() -> None:
    first, last = Windows.over(1000, 600, 200).weights

    assert float(first[:400].min()) == pytest.approx(1)
    assert float(first[-1]) < 0.001
    assert bool((first[400:].diff() < 0).all())
    torch.testing.assert_close(first, last.flip(0))


def test_a_canvas_cut_and_joined_is_the_same() -> None:
    windows = Windows.over(1000, 345, 86)
    canvas = noise(3, 1000, 5)

    torch.testing.assert_close(windows.join(windows.cut(canvas)), canvas)


@pytest.mark.parametrize(("length", "window", "overlap"), [(0, 10, 2), (30, 10, 10), (30, 10, -1)])
def test_what_cannot_be_covered_is_refused(length, window, overlap) -> None:
    with pytest.raises(ValueError, match=r"cover|overlap"):
        Windows.over(length, window, overlap)


def test_windows_that_want_different_things_meet_at_their_weighted_mean() -> None:
    windows = Windows.over(1000, 345, 86)
    wanted = noise(1, 345 * len(windows.starts), 4).view(-1, 345, 4)

    latent = denoise(noise(2, 1000, 4), windows, times(), Blend(wanted), never)

    torch.testing.assert_close(latent, windows.join(wanted), rtol=1e-5, atol=1e-5)


def test_a_sound_of_one_window_is_denoised_as_ever() -> None:
    windows, start = Windows.over(50, 345, 86), noise(2, 50, 4)
    by_hand = start
    for now in times()[:-1]:
        by_hand = by_hand + (torch.sin(3 * by_hand) - now) / 25

    latent = denoise(start, windows, times(), lambda spans, pieces, now: torch.sin(3 * pieces) - now, never)

    torch.testing.assert_close(latent, by_hand)


def test_the_noise_of_a_place_does_not_hang_on_the_length() -> None:
    long = noise(7, 5000, 40)

    assert torch.equal(noise(7, 345, 40), long[:345])
    assert not torch.equal(noise(8, 345, 40), long[:345])
    assert float(long.mean()) == pytest.approx(0, abs=0.01)
    assert float(long.std()) == pytest.approx(1, abs=0.01)


def test_stopped_within_one_step() -> None:
    seen: list[float] = []

    def velocity(spans: Sequence[Span], pieces, now: float):
        seen.append(now)
        return pieces

    with pytest.raises(Stopped):
        denoise(noise(1, 100, 2), Windows.over(100, 40, 10), times(), velocity, lambda: len(seen) == 7)
    assert len(seen) == 7


RATE = 1000
MINUTES = Windows.over(150 * RATE, 8 * RATE, 2 * RATE)
MEETINGS = [start / RATE for start in MINUTES.starts[1:]]
MIDDLES = [start + 1 for start in MEETINGS]


@pytest.fixture(scope="module")
def hum() -> Hum:
    decibels = noise(5, len(MINUTES.starts), 1)[:, 0].clamp(-1, 1)
    return Hum(RATE, 110, (10 ** (decibels / 20)).tolist())


@pytest.mark.parametrize("scale", [0.1, 0.5], ids=["steps", "character"])
@pytest.mark.parametrize("joins", [MEETINGS, MIDDLES], ids=["at-starts", "mid-overlap"])
def test_joint_denoising_leaves_no_seam(hum, joins, scale) -> None:
    latent = denoise(noise(1, MINUTES.length, 1), MINUTES, times(), hum, never)

    assert seams(latent[:, 0].numpy(), RATE, joins, scale).heard == ()


def test_laying_windows_end_to_end_leaves_steps_of_level_and_phase(hum) -> None:
    sound = concatenated(alone(hum, MINUTES, 100), MINUTES)

    assert {"level", "phase"} <= set(seams(sound[:, 0].numpy(), RATE, MEETINGS).heard)


def test_a_cross_fade_of_windows_leaves_seams_too(hum) -> None:
    sound = MINUTES.join(alone(hum, MINUTES, 100))

    assert "level" in seams(sound[:, 0].numpy(), RATE, MIDDLES).heard
