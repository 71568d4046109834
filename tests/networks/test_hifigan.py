import json

import pytest

torch = pytest.importorskip("torch")

from soundstage.errors import BadModel, MissingPart  # noqa: E402
from soundstage.networks.hifigan import HifiGan, HifiGanConfig, folded  # noqa: E402
from tests.networks.filling import fill, noise  # noqa: E402

ENTRIES = {
    "resblock": "1",
    "num_mels": 6,
    "upsample_rates": [5, 2],
    "upsample_kernel_sizes": [16, 4],
    "upsample_initial_channel": 8,
    "resblock_kernel_sizes": [3, 7],
    "resblock_dilation_sizes": [[1, 3, 5], [1, 3, 5]],
    "learning_rate": 0.0002,
}


def split(weights):
    """Weights as the published files hold them: magnitude and direction."""
    held = {}
    for name, value in weights.items():
        if not name.endswith("weight"):
            held[name] = value
            continue
        held[f"{name}_v"] = 3 * value
        held[f"{name}_g"] = value.flatten(1).norm(dim=1).view(-1, 1, 1)
    return held


def published(folder, entries=ENTRIES, **changed):
    """A folder as it is published, and the network whose weights lie in it."""
    (folder / "config.json").write_text(json.dumps(entries | changed))
    network = fill(HifiGan(HifiGanConfig.read(folder / "config.json")))
    torch.save({"generator": split(network.state_dict())}, folder / "vocoder.pt")
    return network


@pytest.fixture
def network(tmp_path):
    return published(tmp_path)


@pytest.mark.parametrize("kind", ["1", "2"])
def test_the_published_folder_gives_the_network_whose_weights_it_holds(tmp_path, kind):
    network = published(tmp_path, resblock=kind)
    mel = noise(1, 6, 9)
    torch.testing.assert_close(HifiGan.load(tmp_path)(mel), network(mel))


def test_each_column_becomes_one_hop_of_samples(network):
    sound = network(noise(2, 6, 9))
    assert sound.shape == (2, 90)
    assert sound.abs().max() <= 1


def test_a_long_spectrogram_sounds_the_same_in_pieces(network):
    mel = noise(1, 6, 200)
    torch.testing.assert_close(network.in_pieces(mel, columns=37), network(mel), atol=1e-6, rtol=0)


def test_recorded_output(network):
    sound = network(4 * noise(1, 6, 12, key=3))[0]
    recorded = torch.tensor(RECORDED)
    torch.testing.assert_close(sound[::20], recorded, atol=1e-5, rtol=0)


def test_folding_takes_the_norm_over_all_but_the_first_dimension():
    plain = torch.nn.ConvTranspose1d(4, 2, 3)
    normed = torch.nn.utils.parametrizations.weight_norm(plain)
    magnitude, direction = normed.parametrizations.weight.original0, normed.parametrizations.weight.original1
    result = folded({"up.weight_g": 2 * magnitude, "up.weight_v": direction, "up.bias": plain.bias})
    torch.testing.assert_close(result["up.weight"], 2 * normed.weight)
    assert result.keys() == {"up.weight", "up.bias"}


def test_weights_of_another_shape_are_refused_by_name(tmp_path, network):
    (tmp_path / "config.json").write_text(json.dumps(ENTRIES | {"num_mels": 7}))
    with pytest.raises(BadModel, match=r"conv_pre.weight has shape \(8, 6, 7\) where \(8, 7, 7\) was expected"):
        HifiGan.load(tmp_path)


def test_a_folder_without_its_configuration_says_so(tmp_path):
    with pytest.raises(MissingPart, match=r"config.json is not there"):
        HifiGan.load(tmp_path)


def test_another_configuration_is_refused(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "clip"}')
    with pytest.raises(BadModel, match="does not describe a HiFi-GAN"):
        HifiGan.load(tmp_path)


RECORDED = [-0.068872, -0.169814, 0.26507, 0.380534, 0.053703, 0.026931]
