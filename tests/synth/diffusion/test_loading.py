"""What folders of models may lack, and what is said then."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
diffusers = pytest.importorskip("diffusers")
from safetensors.torch import load_file, save_file  # noqa: E402

from soundstage.errors import BadModel, BadOption, MissingPart  # noqa: E402
from soundstage.networks.rack import Setting  # noqa: E402
from soundstage.synth.diffusion.families import AUDIOLDM2, STABLE_AUDIO, STABLE_AUDIO_3, check_scheduler, family_named  # noqa: E402
from soundstage.synth.diffusion.loading import load_pipeline  # noqa: E402

ON_CPU = Setting(torch.device("cpu"), torch.float32)


@pytest.fixture
def folder(folders: dict[str, Path], tmp_path: Path) -> Path:
    """A Stable Audio to spoil."""
    return Path(shutil.copytree(folders["stable-audio"], tmp_path / "model"))


def cut_short(folder: Path) -> None:
    weights = folder / "transformer" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])


def drop_a_weight(part: str, file: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        weights = load_file(folder / part / file)
        weights.pop(max(weights, key=lambda name: weights[name].numel()))
        save_file(weights, folder / part / file, metadata={"format": "pt"})

    return spoil


def widen(folder: Path) -> None:
    config = folder / "transformer" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"in_channels": 6, "out_channels": 6}))


def rename_scheduler(folder: Path) -> None:
    (folder / "scheduler" / "scheduler_config.json").write_text('{"_class_name": "os.system"}')


@pytest.mark.parametrize(
    ("spoil", "error", "says"),
    [
        pytest.param(lambda f: shutil.rmtree(f), MissingPart, "no stable-audio model in", id="no folder"),
        pytest.param(lambda f: (f / "model_index.json").unlink(), MissingPart, "models pull", id="no index"),
        pytest.param(lambda f: shutil.rmtree(f / "vae"), MissingPart, "lacks its part vae", id="no vae"),
        pytest.param(
            lambda f: (f / "scheduler" / "scheduler_config.json").unlink(), MissingPart, "not there", id="no scheduler"
        ),
        pytest.param(lambda f: (f / "model_index.json").write_text("{"), BadModel, "damaged", id="broken index"),
        pytest.param(lambda f: (f / "model_index.json").write_text("[]"), BadModel, "no object", id="odd index"),
        pytest.param(cut_short, BadModel, "damaged or no StableAudioDiTModel", id="cut short"),
        pytest.param(
            drop_a_weight("transformer", "diffusion_pytorch_model.safetensors"), BadModel, "lacks", id="weight missing"
        ),
        pytest.param(drop_a_weight("text_encoder", "model.safetensors"), BadModel, "lacks", id="word weight missing"),
        pytest.param(widen, BadModel, "StableAudioDiTModel", id="other size"),
        pytest.param(rename_scheduler, BadModel, "does not have", id="odd scheduler"),
    ],
)
def test_what_is_wrong_with_a_folder_is_said(
    spoil: Callable[[Path], None], error: type[Exception], says: str, folder: Path
):
    spoil(folder)
    with pytest.raises(error, match=says) as raised:
        load_pipeline(STABLE_AUDIO, folder, ON_CPU)
    assert "\n" not in str(raised.value)


def test_another_familys_folder_is_named(folders: dict[str, Path]):
    with pytest.raises(BadModel, match="AudioLDM2Pipeline where a StableAudio3Pipeline was expected"):
        load_pipeline(STABLE_AUDIO_3, folders["audioldm2"], ON_CPU)


def test_a_scheduler_that_needs_torchsde_is_stood_in_for(folder: Path):
    config = folder / "scheduler" / "scheduler_config.json"
    named = json.loads(config.read_text()) | {"_class_name": "CosineDPMSolverMultistepScheduler", "sigma_min": 0.25}
    config.write_text(json.dumps(named))
    scheduler = load_pipeline(STABLE_AUDIO, folder, ON_CPU).scheduler
    assert type(scheduler).__name__ == "EDMDPMSolverMultistepScheduler"
    assert (scheduler.config.sigma_min, scheduler.config.prediction_type) == (0.25, "v_prediction")


def test_audioldm2_as_it_was_published_names_a_model_that_cannot_generate(folders: dict[str, Path], tmp_path: Path):
    folder = Path(shutil.copytree(folders["audioldm2"], tmp_path / "model"))
    index = folder / "model_index.json"
    index.write_text(index.read_text().replace("GPT2LMHeadModel", "GPT2Model"))
    weights = folder / "language_model" / "model.safetensors"
    bare = {name.removeprefix("transformer."): value for name, value in load_file(weights).items()}
    save_file({name: value for name, value in bare.items() if "lm_head" not in name}, weights, {"format": "pt"})
    shutil.rmtree(folder / "feature_extractor")
    pipeline = load_pipeline(AUDIOLDM2, folder, ON_CPU)
    assert type(pipeline.language_model).__name__ == "GPT2LMHeadModel"


def test_networks_are_frozen_and_in_the_precision_asked_for(folders: dict[str, Path]):
    pipeline = load_pipeline(STABLE_AUDIO_3, folders["stable-audio-3"], Setting(torch.device("cpu"), torch.bfloat16))
    networks = [part for part in pipeline.components.values() if isinstance(part, torch.nn.Module)]
    values = [value for network in networks for value in network.parameters()]
    assert {value.dtype for value in values} == {torch.float16}
    assert not any(value.requires_grad for value in values)
    assert not any(network.training for network in networks)


def test_tables_of_frequencies_stay_exact_in_half_precision(folders: dict[str, Path]):
    half = Setting(torch.device("cpu"), torch.float16)
    whole = load_pipeline(STABLE_AUDIO_3, folders["stable-audio-3"], ON_CPU)
    halved = load_pipeline(STABLE_AUDIO_3, folders["stable-audio-3"], half)
    fresh = diffusers.StableAudio3DurationEmbedder(output_dim=16, fourier_dim=16, max_val=8.0)
    assert torch.allclose(halved.duration_embedder.freqs, fresh.freqs)
    for own, exact in ((halved, whole), (whole, halved)):
        tables = dict(own.transformer.named_buffers()) | dict(own.vae.named_buffers())
        others = dict(exact.transformer.named_buffers()) | dict(exact.vae.named_buffers())
        for name in (name for name in tables if name.endswith("inv_freq")):
            assert torch.equal(tables[name], others[name])
            assert tables[name].dtype == torch.float32


def test_unknown_families_and_schedulers_are_refused():
    with pytest.raises(BadOption, match="there are: stable-audio"):
        family_named("stable-diffusion")
    with pytest.raises(BadOption, match="choose one of: ping-pong"):
        check_scheduler(STABLE_AUDIO_3, "ddim")
    check_scheduler(STABLE_AUDIO_3, None)
