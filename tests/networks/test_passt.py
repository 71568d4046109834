import pytest

torch = pytest.importorskip("torch")

from soundstage.errors import BadModel  # noqa: E402
from soundstage.networks.passt import FILE, SAMPLES, Passt, PasstConfig, load_passt, log_mel  # noqa: E402
from soundstage.networks.rack import Setting  # noqa: E402
from tests.networks.filling import fill, noise  # noqa: E402

TINY = PasstConfig(width=16, heads=2, layers=2, bins=32, classes=5)
ON_CPU = Setting(torch.device("cpu"), torch.float32)


@pytest.fixture(scope="module")
def network():
    return fill(Passt(TINY))


def test_sound_gets_the_recorded_features_and_logits(network):
    features, logits = network(log_mel(noise(2, 64_000) * 0.3, TINY.bins))
    assert features[1, :4].tolist() == pytest.approx([-1.0253, -0.4762, -0.6796, -0.1993], abs=1e-4)
    assert logits[1].tolist() == pytest.approx([-1.8469, -1.1023, 0.2249, -1.3659, -0.0800], abs=1e-4)


def test_ten_seconds_fill_the_places_that_are_known(network):
    shown = log_mel(noise(1, SAMPLES), TINY.bins)
    assert shown.shape == (1, 32, 1000)
    assert network.patch_embed(shown[:, None]).shape[2:] == (TINY.rows, TINY.columns)


def test_silence_lies_on_the_floor():
    assert log_mel(torch.zeros(1, 32_000)).unique().tolist() == pytest.approx([-1.4026], abs=1e-4)


def test_where_a_sound_lies_in_time_matters(network):
    early, late = torch.zeros(2, 1, 64_000)
    early[:, :8_000] = late[:, -8_000:] = noise(8_000)
    assert not torch.allclose(*(network(log_mel(sound, TINY.bins))[0] for sound in (early, late)), atol=1e-3)


def test_a_checkpoint_is_read(tmp_path, network):
    torch.save(network.state_dict(), tmp_path / FILE)
    loaded = load_passt(tmp_path / FILE, ON_CPU, TINY)
    shown = log_mel(noise(1, 64_000), TINY.bins)
    assert torch.equal(loaded(shown)[0], network(shown)[0])


def test_published_names_and_sizes():
    with torch.device("meta"):
        shapes = {name: tuple(value.shape) for name, value in Passt().state_dict().items()}
    assert shapes["time_new_pos_embed"] == (1, 768, 1, 99)
    assert shapes["freq_new_pos_embed"] == (1, 768, 12, 1)
    assert shapes["patch_embed.proj.weight"] == (768, 1, 16, 16)
    assert shapes["blocks.11.attn.qkv.weight"] == (2304, 768)
    assert shapes["head.1.weight"] == shapes["head_dist.weight"] == (527, 768)


def test_a_model_without_the_second_token_is_refused(tmp_path, network):
    weights = {name: value for name, value in network.state_dict().items() if name != "dist_token"}
    torch.save(weights, tmp_path / FILE)
    with pytest.raises(BadModel, match="dist_token"):
        load_passt(tmp_path / FILE, ON_CPU, TINY)
