import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from soundstage.errors import BadModel, MissingPart  # noqa: E402
from soundstage.networks.clap import Clap  # noqa: E402
from soundstage.networks.rack import Setting  # noqa: E402
from tests.networks.claps import written  # noqa: E402
from tests.networks.filling import noise  # noqa: E402

ON_CPU = Setting(torch.device("cpu"), torch.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return written(tmp_path_factory.mktemp("clap"))


@pytest.fixture(scope="module")
def clap(folder):
    return Clap.load(folder, ON_CPU)


def sounds():
    return [noise(480_000).numpy(), noise(3000, key=1).numpy()]


def test_sounds_get_the_recorded_embeddings(clap):
    found = clap.audio(sounds())
    assert found.shape == (2, 8)
    assert found[1, :4].tolist() == pytest.approx([0.00016, 0.50754, -0.18523, -0.04906], abs=1e-3)


def test_texts_get_the_recorded_embeddings(clap):
    found = clap.text(["rain", "a long train passes"])
    assert found.shape == (2, 8)
    assert found[1, :4].tolist() == pytest.approx([0.00929, -0.16456, 0.67872, -0.09635], abs=1e-3)


def test_embeddings_have_length_one(clap):
    both = np.concatenate([clap.audio(sounds()), clap.text(["rain"])])
    assert np.linalg.norm(both, axis=1) == pytest.approx([1.0] * 3, abs=1e-5)


def test_neighbours_in_a_batch_do_not_count(clap):
    first, second = sounds()
    assert np.allclose(clap.audio([first, second])[1], clap.audio([second])[0], atol=1e-5)
    assert np.allclose(clap.text(["rain", "a long train passes"])[0], clap.text(["rain"])[0], atol=1e-5)


def test_a_fused_model_hears_the_same_each_time(tmp_path):
    clap = Clap.load(written(tmp_path, fused=True), ON_CPU)
    assert np.array_equal(clap.audio(sounds()), clap.audio(sounds()))


def test_likenesses_are_scaled_as_the_weights_say(folder, clap):
    assert clap.scale == pytest.approx(float(clap._model.logit_scale_a.exp()))


def test_half_precision_stays_near(folder, clap):
    half = Clap.load(folder, Setting(torch.device("cpu"), torch.bfloat16))
    assert (half.audio(sounds()) * clap.audio(sounds())).sum(axis=1).min() > 0.98


def test_an_empty_folder_is_told(tmp_path):
    with pytest.raises(MissingPart, match="soundstage models pull"):
        Clap.load(tmp_path, ON_CPU)


def test_damaged_weights_are_told(tmp_path):
    (written(tmp_path) / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(BadModel, match="is damaged or no ClapModel"):
        Clap.load(tmp_path, ON_CPU)


def test_lacking_tensors_are_named_not_made_up(tmp_path):
    from safetensors.torch import load_file, save_file

    file = written(tmp_path) / "model.safetensors"
    weights = {name: value for name, value in load_file(file).items() if not name.startswith("audio_projection")}
    save_file(weights, file, metadata={"format": "pt"})
    with pytest.raises(BadModel, match=r"lacks 4 of the weights .*audio_projection\.linear1\.bias"):
        Clap.load(tmp_path, ON_CPU)
