"""Stable Audio 3 in the layout of its publisher, and its small decoder, which diffusers does not have."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from soundstage.errors import BadModel, MissingPart  # noqa: E402
from soundstage.networks.rack import Setting  # noqa: E402
from soundstage.synth.diffusion.families import STABLE_AUDIO_3  # noqa: E402
from soundstage.synth.diffusion.generating import Manner, Request, generate  # noqa: E402
from soundstage.synth.diffusion.loading import load_pipeline  # noqa: E402
from soundstage.synth.diffusion.same import same_decoder  # noqa: E402
from tests.networks.filling import fill, noise  # noqa: E402
from tests.synth.diffusion.models import publish_stable_audio_3, published_config  # noqa: E402

ON_CPU = Setting(torch.device("cpu"), torch.float32)


@pytest.fixture(scope="module")
def published(folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish_stable_audio_3(folders["stable-audio-3"], tmp_path_factory.mktemp("published") / "model")


def small() -> dict[str, Any]:
    """The configuration of an autoencoder whose latents attend to each other by twos."""
    config = published_config()["model"]["pretransform"]["config"]
    decoder = config["decoder"]["config"]
    del decoder["sliding_window"]
    decoder |= {"chunk_size": 8, "chunk_midpoint_shift": True, "transformer_depths": [4], "conv_mapping": True}
    return dict(config)


def test_both_layouts_make_the_same_sound(folders: dict[str, Path], published: Path):
    request = Request("rain", "", 3.0, 1, Manner(4, 1.0))
    (ours,) = generate(STABLE_AUDIO_3, load_pipeline(STABLE_AUDIO_3, published, ON_CPU), [request])
    (saved,) = generate(STABLE_AUDIO_3, load_pipeline(STABLE_AUDIO_3, folders["stable-audio-3"], ON_CPU), [request])
    assert np.allclose(ours.samples, saved.samples, atol=1e-6)


def test_models_that_were_not_distilled_draw_no_noise_on_the_way(published: Path, tmp_path: Path):
    folder = Path(shutil.copytree(published, tmp_path / "base"))
    config = published_config()
    config["model"]["diffusion"]["diffusion_objective"] = "rectified_flow"
    (folder / "model_config.json").write_text(json.dumps(config))
    assert load_pipeline(STABLE_AUDIO_3, published, ON_CPU).scheduler.config.stochastic_sampling
    assert not load_pipeline(STABLE_AUDIO_3, folder, ON_CPU).scheduler.config.stochastic_sampling


@pytest.mark.parametrize(
    ("spoil", "error", "says"),
    [
        pytest.param(lambda f: (f / "model.safetensors").unlink(), MissingPart, "models pull", id="no weights"),
        pytest.param(lambda f: (f / "model.safetensors").write_bytes(b"x" * 99), BadModel, "damaged", id="damaged"),
        pytest.param(lambda f: shutil.rmtree(f / "t5gemma-b-b-ul2"), MissingPart, "models pull", id="no words"),
        pytest.param(lambda f: (f / "model_config.json").write_text("{}"), BadModel, "does not describe", id="other"),
    ],
)
def test_what_is_wrong_with_a_folder_is_said(
    spoil: Callable[[Path], object], error: type[Exception], says: str, published: Path, tmp_path: Path
):
    folder = Path(shutil.copytree(published, tmp_path / "model"))
    spoil(folder)
    with pytest.raises(error, match=says):
        load_pipeline(STABLE_AUDIO_3, folder, ON_CPU)


@pytest.mark.parametrize("frames", [2, 7, 12])
def test_the_small_decoder_gives_all_frames_whatever_their_number(frames: int):
    vae = fill(same_decoder(small(), 1000))
    with torch.inference_mode():
        assert vae.decode(noise(1, 8, frames)).sample.shape == (1, 2, frames * 40)


def test_the_small_decoder_hears_no_further_than_its_chunks():
    vae = fill(same_decoder(small(), 1000))
    latents = noise(1, 8, 12)
    changed = latents.clone()
    changed[:, :, 0] += 1
    with torch.inference_mode():
        differs = (vae.decode(latents).sample - vae.decode(changed).sample).abs().amax((0, 1)) > 0
    assert differs[:80].any()
    assert not differs[4 * 40 + 10 :].any()


def test_decoders_of_other_kinds_are_refused():
    config = small()
    config["decoder"]["config"]["chunk_midpoint_shift"] = False
    with pytest.raises(ValueError, match="shifted chunks"):
        same_decoder(config, 1000)
