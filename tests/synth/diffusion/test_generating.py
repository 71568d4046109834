"""Sounds of tiny models: as long as asked for, the same for the same seed, without seams, given up at once."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from soundstage.networks.rack import Setting  # noqa: E402
from soundstage.review.seams import seams  # noqa: E402
from soundstage.synth.canvas import Stopped, Windows, noise  # noqa: E402
from soundstage.synth.diffusion.decoding import SHARED, STRETCH, decoded  # noqa: E402
from soundstage.synth.diffusion.families import FAMILIES  # noqa: E402
from soundstage.synth.diffusion.generating import Manner, Request, Sound, generate, windows_of  # noqa: E402
from soundstage.synth.diffusion.latents import Pipeline, latents_of  # noqa: E402
from soundstage.synth.diffusion.loading import load_pipeline  # noqa: E402

ON_CPU = Setting(torch.device("cpu"), torch.float32)

each_family = pytest.mark.parametrize("name", list(FAMILIES))


@pytest.fixture(scope="module")
def pipelines(folders: dict[str, Path]) -> Mapping[str, Pipeline]:
    return {name: load_pipeline(FAMILIES[name], folder, ON_CPU) for name, folder in folders.items()}


def made(
    name: str,
    pipeline: Pipeline,
    *seeds: int,
    seconds: float = 2.0,
    steps: int = 3,
    scheduler: str | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> list[Sound]:
    family = FAMILIES[name]
    manner = Manner(steps, family.guidance, scheduler=scheduler)
    return generate(family, pipeline, [Request("rain, steady", "music", seconds, seed, manner, stop) for seed in seeds])


@each_family
@pytest.mark.parametrize("seconds", [0.5, 2.0, 11.0])
def test_a_sound_is_as_long_as_asked_for(name: str, seconds: float, pipelines: Mapping[str, Pipeline]):
    (sound,) = made(name, pipelines[name], 1, seconds=seconds)
    assert sound.samples.shape == (seconds * 1000, FAMILIES[name].channels)
    assert np.isfinite(sound.samples).all()
    assert sound.samples.std() > 1e-3


@each_family
def test_the_same_seed_gives_the_same_samples(name: str, pipelines: Mapping[str, Pipeline]):
    (once,), (again,) = made(name, pipelines[name], 7), made(name, pipelines[name], 7)
    assert np.array_equal(once.samples, again.samples)


@each_family
def test_another_seed_gives_another_sound(name: str, pipelines: Mapping[str, Pipeline]):
    one, other = made(name, pipelines[name], 7, 8)
    assert np.abs(one.samples - other.samples).max() > 0.01 * np.abs(one.samples).max()


@each_family
def test_a_sound_does_not_hang_on_those_made_with_it(name: str, pipelines: Mapping[str, Pipeline]):
    together = made(name, pipelines[name], 5, 6, 7)
    (alone,) = made(name, pipelines[name], 6)
    scale = np.abs(alone.samples).max()
    assert np.allclose(together[1].samples / scale, alone.samples / scale, atol=1e-3)


@each_family
def test_one_window_is_what_the_pipeline_itself_makes(name: str, pipelines: Mapping[str, Pipeline]):
    (sound,) = made(name, pipelines[name], 3)
    kind = latents_of(FAMILIES[name], pipelines[name])
    canvas = noise(3, kind.frames(2.0), kind.channels * int(np.prod(kind.bins)))
    theirs = pipelines[name](
        prompt=["rain, steady"],
        negative_prompt=["music"],
        guidance_scale=FAMILIES[name].guidance,
        num_inference_steps=3,
        generator=[torch.Generator().manual_seed(_seed_of_steps(3))],
        latents=canvas.reshape(1, -1, kind.channels, *kind.bins).movedim(1, 2),
        output_type="pt",
        **kind.asked(2.0),
    ).audios
    expected = np.atleast_2d(theirs[0].numpy()).T
    ours = np.clip(sound.samples, -1, 1) if name == "stable-audio-3" else sound.samples
    assert np.allclose(ours, expected, atol=1e-4 * np.abs(expected).max())


@each_family
def test_a_long_sound_has_no_seams(name: str, pipelines: Mapping[str, Pipeline]):
    (sound,) = made(name, pipelines[name], 1, seconds=40.0, steps=6)
    kind = latents_of(FAMILIES[name], pipelines[name])
    windows = windows_of(kind, 40.0)
    edges = {frame for span in windows.spans for frame in (span.start, span.end)} - {0, windows.length}
    assert sound.windows == len(windows.starts) > 4
    joins = [kind.seconds(frame) for frame in sorted(edges)]
    assert seams(sound.samples[:, 0], sound.rate, joins).heard == ()


@each_family
def test_a_window_may_be_shorter_than_the_model_allows(name: str, pipelines: Mapping[str, Pipeline]):
    kind = latents_of(FAMILIES[name], pipelines[name])
    longest = windows_of(kind, 20.0).window
    assert windows_of(kind, 20.0, longest=1.0).window == max(kind.least, 25)
    assert windows_of(kind, 20.0, longest=1000.0).window == longest


@each_family
@pytest.mark.parametrize("seconds", [2.0, 20.0], ids=["one window", "several"])
def test_a_sound_that_is_given_up_takes_no_further_step(name: str, seconds: float, pipelines: Mapping[str, Pipeline]):
    asked = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 2

    with pytest.raises(Stopped):
        made(name, pipelines[name], 1, seconds=seconds, stop=stop, steps=50)
    assert len(asked) == 3


@each_family
def test_all_schedulers_of_a_family_work(name: str, pipelines: Mapping[str, Pipeline]):
    sounds = [made(name, pipelines[name], 1, scheduler=scheduler)[0] for scheduler in FAMILIES[name].schedulers]
    assert all(np.isfinite(sound.samples).all() for sound in sounds)
    assert not any(np.array_equal(sound.samples, sounds[0].samples) for sound in sounds[1:])


@each_family
def test_half_precision_sounds_about_the_same(name: str, folders: dict[str, Path], pipelines: Mapping[str, Pipeline]):
    halved = load_pipeline(FAMILIES[name], folders[name], Setting(torch.device("cpu"), torch.bfloat16))
    (half,), (whole,) = made(name, halved, 1), made(name, pipelines[name], 1)
    assert half.samples.dtype == np.float32
    assert np.corrcoef(half.samples[:, 0], whole.samples[:, 0])[0, 1] > 0.9


@each_family
def test_a_stretch_at_a_time_decodes_to_the_same(name: str, pipelines: Mapping[str, Pipeline]):
    kind = latents_of(FAMILIES[name], pipelines[name])
    frames = 2 * STRETCH + SHARED
    drawn = noise(4, frames, kind.channels * int(np.prod(kind.bins)))
    latents = drawn.reshape(1, frames, kind.channels, *kind.bins).movedim(1, 2).contiguous()
    with torch.inference_mode():
        whole = kind.sound(latents)[0].numpy().T[: frames * kind.hop]
    stretches = decoded(latents, kind, frames * kind.hop)
    scale = np.abs(whole).max()
    # AudioLDM2's decoder attends to all there is, so that it hears a little of what another stretch leaves out.
    assert np.allclose(stretches / scale, whole / scale, atol=5e-2 if name == "audioldm2" else 1e-5)


def test_stable_audio_tells_each_window_its_place(pipelines: Mapping[str, Pipeline]):
    kind = latents_of(FAMILIES["stable-audio"], pipelines["stable-audio"])
    windows = Windows.over(300, 100, 25)
    given = {
        "global_hidden_states": torch.zeros(8, 1, 16),
        "encoder_hidden_states": torch.zeros(8, 5, 8),
        "rotary_embedding": (torch.zeros(301, 4), torch.zeros(301, 4)),
    }
    told = kind.placed(given, windows, windows.starts, 2)
    begins, ends = told["encoder_hidden_states"][:, -2], told["encoder_hidden_states"][:, -1]
    assert torch.equal(begins[0], begins[1])
    assert not torch.equal(begins[1], begins[2])
    assert (ends == ends[0]).all()
    assert [len(part) for part in told["rotary_embedding"]] == [101, 101]


def _seed_of_steps(seed: int) -> int:
    from soundstage.synth.diffusion.generating import _drawn

    return _drawn(seed)
