"""The engine: sounds of any length, from many threads at once, each as if it were alone."""

import dataclasses
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from soundstage.errors import BadModel, MissingPart  # noqa: E402
from soundstage.review.seams import seams  # noqa: E402
from soundstage.synth.mmaudio import stages  # noqa: E402
from soundstage.synth.mmaudio.durations import BUCKETS  # noqa: E402
from soundstage.synth.mmaudio.engine import Engine, Order, Plan  # noqa: E402
from soundstage.synth.mmaudio.model import CLIP_FILE, Files, Model  # noqa: E402
from soundstage.synth.mmaudio.variants import AT_44K  # noqa: E402
from tests.synth.mmaudio import tiny  # noqa: E402

RAIN = Order("rain", 9.0, seed=3)


@pytest.fixture(scope="module")
def engine(tiny_model) -> Engine:
    return tiny.new_engine(tiny_model)


def sound_of(engine: Engine, order: Order) -> np.ndarray:
    return np.concatenate(list(engine.compose(order)))[:, 0]


def copied(model: Model, folder: Path) -> Model:
    """The same model in files of its own."""
    for field in dataclasses.fields(Files):
        source = getattr(model.files, field.name)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / source.name)
    config = model.files.vocoder.with_name("config.json")
    shutil.copy(config, folder)
    paths = {f.name: folder / getattr(model.files, f.name).name for f in dataclasses.fields(Files)}
    return dataclasses.replace(model, files=Files(**paths))


@pytest.mark.parametrize("duration", [0.1, 0.64, 0.65, 3.2, 7.99, 8.0, 8.01, 61.7])
def test_a_plan_covers_the_sound(duration) -> None:
    plan = Plan.of(duration, AT_44K, overlap=2.0)

    assert plan.windows.length / AT_44K.latent_rate >= duration
    assert plan.windows.window == plan.lengths.latent
    assert plan.seconds in BUCKETS


def test_long_sounds_take_windows_of_eight_seconds_that_overlap_by_two() -> None:
    plan = Plan.of(600.0, AT_44K, overlap=2.0)

    assert (plan.windows.window, plan.lengths.clip, plan.lengths.sync) == (345, 64, 192)
    assert plan.windows.starts[1] == 345 - 86
    assert len(plan.windows.starts) == 100


@pytest.mark.parametrize("duration", [0.2, 1.3, 9.0, 30.0])
def test_a_sound_lasts_at_least_as_long_as_asked(engine, duration) -> None:
    sound = sound_of(engine, Order("rain", duration, seed=1))

    assert len(sound) >= duration * engine.sample_rate
    assert np.isfinite(sound).all()
    assert sound.std() > 0.01


def test_the_same_order_gives_the_same_samples(engine, tiny_model) -> None:
    first = sound_of(engine, RAIN)

    np.testing.assert_array_equal(first, sound_of(engine, RAIN))
    np.testing.assert_array_equal(first, sound_of(tiny.new_engine(tiny_model), RAIN))


@pytest.mark.parametrize(
    "change", [{"seed": 4}, {"prompt": "hail"}, {"avoided": "music"}], ids=["seed", "prompt", "avoided"]
)
def test_what_is_ordered_is_heard(engine, change) -> None:
    order = Order("rain", 1.0, seed=3)

    difference = sound_of(engine, dataclasses.replace(order, **change)) - sound_of(engine, order)

    assert np.abs(difference).max() > 1e-3


def test_pictures_are_heard_and_where_they_begin(engine, tiny_footage) -> None:
    sounds = [
        sound_of(engine, Order("rain", 1.0, seed=3)),
        sound_of(engine, Order("rain", 1.0, seed=3, start=2.0, footage=tiny_footage)),
        sound_of(engine, Order("rain", 1.0, seed=3, start=4.37, footage=tiny_footage)),
    ]

    assert all(np.abs(sounds[a] - sounds[b]).max() > 1e-3 for a, b in ((0, 1), (0, 2), (1, 2)))


def test_a_sound_does_not_hang_on_what_else_is_made(engine, tiny_model, tiny_footage) -> None:
    orders = [
        Order("rain", 1.0, seed=1),
        Order("hail", 1.0, seed=2, avoided="music"),
        Order("dog", 1.0, seed=3, start=3.0, footage=tiny_footage),
        Order("wind", 9.0, seed=4),
        Order("cat", 1.4, seed=5, start=7.0, footage=tiny_footage),
        Order("sea", 15.0, seed=6),
    ]
    alone = [sound_of(engine, order) for order in orders]
    together = tiny.new_engine(tiny_model)

    with ThreadPoolExecutor(len(orders)) as pool:
        sounds = list(pool.map(lambda order: sound_of(together, order), orders))

    for expected, sound in zip(alone, sounds, strict=True):
        np.testing.assert_allclose(sound, expected, atol=1e-5)


def test_windows_of_many_sounds_share_passes(tiny_model, monkeypatch) -> None:
    sizes: list[int] = []
    work = stages.Velocities.__call__

    def watched(self, items):
        sizes.append(len(items))
        return work(self, items)

    monkeypatch.setattr(stages.Velocities, "__call__", watched)
    engine = tiny.new_engine(tiny_model, dataclasses.replace(tiny.OPTIONS, batch=16))
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda seed: sound_of(engine, Order("rain", 9.0, seed=seed)), range(6)))

    assert sum(sizes) == 6 * 4 * 2
    assert max(sizes) > 3


def test_out_of_memory_halves_the_batch_and_goes_on(engine, tiny_model, monkeypatch) -> None:
    order = Order("rain", 27.0, seed=3)
    expected = sound_of(engine, order)
    work = stages.Velocities.__call__

    def cramped(self, items):
        if len(items) > 2:
            raise torch.OutOfMemoryError("no room")
        return work(self, items)

    monkeypatch.setattr(stages.Velocities, "__call__", cramped)
    small = tiny.new_engine(tiny_model)

    np.testing.assert_allclose(sound_of(small, order), expected, atol=1e-5)
    assert small.batch == 2


def test_it_stops_within_a_step(tiny_model, monkeypatch) -> None:
    steps: list[float] = []
    work = stages.Velocities.__call__

    def counted(self, items):
        steps.append(items[0].time)
        return work(self, items)

    monkeypatch.setattr(stages.Velocities, "__call__", counted)
    making = tiny.new_engine(tiny_model).compose(Order("rain", 1.0, seed=3))
    while len(steps) < 2:
        assert not len(next(making))
    making.close()

    assert steps == [0.0, 0.25]


PARTS = {
    "network": lambda files: files.network,
    "autoencoder": lambda files: files.autoencoder,
    "vocoder": lambda files: files.vocoder,
    "synchformer": lambda files: files.synchformer,
    "clip": lambda files: files.clip / CLIP_FILE,
}


@pytest.mark.parametrize("part", PARTS)
def test_a_corrupt_file_is_named_and_disables_the_model(tiny_model, tiny_footage, tmp_path, part) -> None:
    model = copied(tiny_model, tmp_path)
    path = PARTS[part](model.files)
    path.write_bytes(path.read_bytes()[:2000])
    engine = tiny.new_engine(model)
    order = Order("rain", 1.0, seed=3, footage=tiny_footage)

    with pytest.raises(BadModel, match=f"{path.name} is damaged or no checkpoint"):
        sound_of(engine, order)
    assert path.name in (engine.obstacle() or "")
    with pytest.raises(BadModel, match=path.name):
        sound_of(engine, order)


def test_a_mended_file_serves_again(tiny_model, tiny_footage, tmp_path) -> None:
    model = copied(tiny_model, tmp_path)
    whole = model.files.vocoder.read_bytes()
    model.files.vocoder.write_bytes(whole[:2000])
    engine, order = tiny.new_engine(model), Order("rain", 0.7, seed=3, footage=tiny_footage)
    with pytest.raises(BadModel):
        sound_of(engine, order)

    model.files.vocoder.write_bytes(whole)

    assert engine.obstacle() is None
    assert len(sound_of(engine, order))


@pytest.mark.parametrize("part", PARTS)
def test_another_networks_checkpoint_is_told_by_what_was_expected(tiny_model, tiny_footage, tmp_path, part) -> None:
    model = copied(tiny_model, tmp_path)
    path = PARTS[part](model.files)
    torch.save({"some.weight": torch.zeros(3), "some.bias": torch.zeros(1)}, path)

    with pytest.raises(BadModel, match=rf"{path.name} does not fit \w+: it lacks .+ of the \d+ tensors expected"):
        sound_of(tiny.new_engine(model), Order("rain", 1.0, seed=3, footage=tiny_footage))


def test_a_file_that_is_not_there_is_named(tiny_model, tmp_path) -> None:
    model = copied(tiny_model, tmp_path)
    model.files.network.unlink()

    with pytest.raises(MissingPart, match=r"mmaudio_tiny\.pth is not there; fetch"):
        sound_of(tiny.new_engine(model), Order("rain", 1.0, seed=3))


def test_a_long_sound_of_a_network_has_no_seams(engine) -> None:
    sound = sound_of(engine, Order("rain", 70.0, seed=3))
    plan = Plan.of(70.0, tiny.SAMPLING, 2.0)
    joins = [start / tiny.SAMPLING.latent_rate for start in plan.windows.starts[1:]]

    assert seams(sound, engine.sample_rate, joins).heard == ()
    assert seams(sound, engine.sample_rate, [join + 1.0 for join in joins], scale=0.5).heard == ()
