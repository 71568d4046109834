import threading

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from soundstage.errors import BadModel  # noqa: E402
from soundstage.networks.rack import Setting  # noqa: E402
from soundstage.synth.canvas import Stopped  # noqa: E402
from soundstage.synth.foleycrafter.crafter import Wanted  # noqa: E402
from soundstage.synth.foleycrafter.eyes import Sight  # noqa: E402
from tests.networks.filling import noise  # noqa: E402
from tests.synth.foleycrafter import models  # noqa: E402

SIGHT = Sight(noise(9, models.EMBEDDING, key=7), onsets=noise(40, key=8))


def never():
    return False


def wanted(**changes):
    return Wanted(**{"prompt": "a dog barks", "avoided": "music", "duration": 0.5, "seed": 3, "steps": 2} | changes)


@pytest.fixture(scope="module")
def plain(crafter):
    """What comes of nothing but words."""
    return crafter.sound(wanted(), never)


def far(one, other):
    return np.abs(one - other).max() > 1e-4


@pytest.mark.parametrize("seconds", [0.2, 0.64, 0.65, 2.0], ids=["short", "a-window", "two-windows", "long"])
def test_a_sound_lasts_as_long_as_was_wanted(crafter, seconds):
    sound = crafter.sound(wanted(duration=seconds), never)
    assert sound.shape == (round(seconds * 1600), 1)
    assert sound.dtype == np.float32
    assert 0.01 < np.abs(sound).max() <= 1


def test_recorded_output(crafter):
    sound = crafter.sound(wanted(duration=1.2, sight=SIGHT, steps=4), never)[:, 0]
    np.testing.assert_allclose(sound[::240], RECORDED, atol=2e-4)


def test_the_same_seed_gives_the_same_sound(crafter, plain):
    np.testing.assert_array_equal(crafter.sound(wanted(), never), plain)


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 4},
        {"prompt": "rain"},
        {"avoided": "speech"},
        {"guidance": 1.0},
        {"sight": SIGHT},
        {"events": (0.2,)},
        {"events": (0.2,), "temporal": 1.0},
        {"steps": 3},
    ],
    ids=["seed", "prompt", "avoided", "guidance", "sight", "events", "strength", "steps"],
)
def test_everything_wanted_is_heard(crafter, plain, change):
    assert far(plain, crafter.sound(wanted(**change), never))


def test_known_events_outweigh_the_detector(crafter):
    given = wanted(events=(0.2,), sight=SIGHT)
    blind = wanted(events=(0.2,), sight=Sight(SIGHT.meanings))
    np.testing.assert_array_equal(crafter.sound(given, never), crafter.sound(blind, never))


@pytest.mark.parametrize("name", ["ddim", "euler"])
def test_other_schedulers_serve_too(parts, name):
    sound = models.tiny(parts, scheduler=name).sound(wanted(), never)
    assert 0.01 < np.abs(sound).max() <= 1


def test_one_step_is_enough_for_a_sound(crafter):
    assert np.isfinite(crafter.sound(wanted(steps=1), never)).all()


def test_half_precision_makes_a_sound_too(parts):
    crafter = models.tiny(parts, Setting(torch.device("cpu"), torch.bfloat16))
    sound = crafter.sound(wanted(sight=SIGHT), never)
    assert np.isfinite(sound).all()
    assert np.abs(sound).max() > 0.01


def test_a_sound_given_up_stops_before_the_next_step(crafter, monkeypatch):
    worked = []
    whole = crafter._denoiser.noise
    monkeypatch.setattr(crafter._denoiser, "noise", lambda windows: worked.append(None) or whole(windows))
    with pytest.raises(Stopped):
        crafter.sound(wanted(steps=4), lambda: len(worked) == 2)
    assert len(worked) == 2


def test_there_is_an_empty_block_before_every_step(crafter):
    blocks = list(crafter.compose(wanted(steps=4)))
    assert [len(block) for block in blocks] == [0, 0, 0, 0, 0, 800]  # PNDM takes its second step twice


def test_sounds_of_several_threads_are_as_if_made_alone(crafter):
    orders = [wanted(seed=seed, duration=0.5 + 0.4 * seed, steps=1 + seed) for seed in range(3)]
    made = {}
    threads = [
        threading.Thread(target=lambda order=order: made.update({order.seed: crafter.sound(order, never)}))
        for order in orders
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for order in orders:
        np.testing.assert_allclose(made[order.seed], crafter.sound(order, never), atol=1e-3)


def test_no_seam_is_heard_in_a_long_sound(crafter):
    """Levels of 20 ms step no more at the windows' edges than between them."""
    order = wanted(duration=4.0, steps=6, sight=SIGHT)
    windows = crafter.ruler.windows(order.duration)
    sound = crafter.sound(order, never)[:, 0]
    levels = 10 * np.log10((sound.reshape(-1, 32) ** 2).mean(1) + 1e-9)  # one for every 20 ms
    steps = np.abs(np.diff(levels))
    edges = {round(time * 50) for span in crafter.ruler.seconds(windows) for time in span}
    near = [place for place in range(len(steps)) if any(abs(place - edge) <= 1 for edge in edges)]
    within = np.delete(steps, near)
    assert len(windows.starts) > 5
    assert steps[near].mean() <= 1.2 * within.mean()
    assert steps[near].max() <= 1.5 * within.max()


def test_out_of_memory_halves_the_batch_and_goes_on(parts, monkeypatch):
    crafter = models.tiny(parts)
    expected = crafter.sound(wanted(duration=2.0, steps=2), never)
    unet = crafter._denoiser._unet
    whole = type(unet).forward

    def cramped(self, sample, *args, **kwargs):
        if len(sample) > 4:
            raise torch.OutOfMemoryError("full")
        return whole(self, sample, *args, **kwargs)

    monkeypatch.setattr(type(unet), "forward", cramped)
    np.testing.assert_allclose(crafter.sound(wanted(duration=2.0, steps=2), never), expected, atol=1e-3)


def test_no_memory_for_a_single_window_says_so(parts, monkeypatch):
    crafter = models.tiny(parts)

    def full(*args, **kwargs):
        raise torch.OutOfMemoryError("full")

    monkeypatch.setattr(type(crafter._denoiser._unet), "forward", full)
    with pytest.raises(BadModel, match="FoleyCrafter does not fit into the memory"):
        crafter.sound(wanted(duration=2.0, steps=2), never)


RECORDED = [0.02605, -0.31749, -0.3759, -0.26357, -0.23735, -0.10143, -0.38656, -0.306]
