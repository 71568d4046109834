import numpy as np
import pytest

torch = pytest.importorskip("torch")

from soundstage.errors import BadModel  # noqa: E402
from soundstage.networks.panns import FILE, Panns, PannsConfig, load_panns  # noqa: E402
from soundstage.networks.rack import Setting  # noqa: E402
from tests.networks.filling import fill, noise  # noqa: E402

TINY = PannsConfig(widths=(4, 4, 6, 6, 8, 8), embedding=8, classes=5)
ON_CPU = Setting(torch.device("cpu"), torch.float32)


@pytest.fixture(scope="module")
def network():
    return fill(Panns(TINY))


def test_sound_gets_the_recorded_features_and_logits(network):
    features, logits = network(noise(2, 16_000) * 0.3)
    assert features[1, :5].tolist() == pytest.approx([0.3404, 0.0, 0.1468, 0.0, 0.1211], abs=1e-4)
    assert logits[1].tolist() == pytest.approx([-0.2697, -0.0330, 0.2320, 0.0429, 0.1291], abs=1e-4)


def test_features_are_not_negative(network):
    features, logits = network(noise(1, 32_000))
    assert (features >= 0).all()
    assert torch.equal(logits, network.fc_audioset(features))


def test_the_shortest_sound_that_is_heard(network):
    features, _ = network(noise(1, TINY.least))
    assert features.isfinite().all()


def test_a_checkpoint_is_read_with_all_that_training_left_in_it(tmp_path, network):
    sampler = {"indexes": [np.arange(3), np.arange(4.0)], "rate": np.float64(0.5)}
    torch.save({"iteration": 7, "model": network.state_dict(), "sampler": sampler}, tmp_path / FILE)
    loaded = load_panns(tmp_path / FILE, ON_CPU, TINY)
    sound = noise(1, 16_000)
    assert torch.equal(loaded(sound)[1], network(sound)[1])


def test_published_names_and_sizes():
    with torch.device("meta"):
        shapes = {name: tuple(value.shape) for name, value in Panns().state_dict().items()}
    assert shapes["spectrogram_extractor.stft.conv_real.weight"] == (257, 1, 512)
    assert shapes["logmel_extractor.melW"] == (257, 64)
    assert shapes["bn0.running_var"] == (64,)
    assert shapes["conv_block6.conv2.weight"] == (2048, 2048, 3, 3)
    assert shapes["fc_audioset.weight"] == (527, 2048)


def test_another_model_is_refused(tmp_path, network):
    torch.save({"model": network.state_dict() | {"att_block.weight": torch.zeros(1)}}, tmp_path / FILE)
    with pytest.raises(BadModel, match=r"att_block\.weight"):
        load_panns(tmp_path / FILE, ON_CPU, TINY)
