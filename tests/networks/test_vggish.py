import pytest

torch = pytest.importorskip("torch")

from soundstage.errors import BadModel, MissingPart  # noqa: E402
from soundstage.networks.rack import Setting  # noqa: E402
from soundstage.networks.vggish import FILE, Vggish, VggishConfig, bands, examples, load_vggish  # noqa: E402
from tests.networks.filling import fill, noise  # noqa: E402

TINY = VggishConfig(stages=((4,), (4,), (6, 6), (8, 8)), hidden=16, embedding=8)
ON_CPU = Setting(torch.device("cpu"), torch.float32)


@pytest.fixture(scope="module")
def network():
    return fill(Vggish(TINY))


def test_sound_gets_the_recorded_features(network):
    found = network(examples(noise(40_000) * 0.3))
    assert found.shape == (2, 8)
    assert found[1, :4].tolist() == pytest.approx([-0.0763, -0.0515, -0.1068, 0.1083], abs=1e-4)


def test_the_last_layer_may_be_negative(network):
    assert (network(examples(noise(40_000))) < 0).any()


@pytest.mark.parametrize(
    ("samples", "count"),
    [
        pytest.param(8 * 16_000, 8, id="8 s"),
        pytest.param(15_600, 1, id="just one"),
        pytest.param(15_599, 0, id="one sample short"),
        pytest.param(100, 0, id="shorter than a window"),
    ],
)
def test_examples_are_whole(samples, count):
    assert examples(noise(samples)).shape == (count, 96, 64)


def test_silence_lies_on_the_floor():
    assert examples(torch.zeros(16_000)).unique().tolist() == pytest.approx([-4.60517])


def test_a_tone_is_heard_in_its_band():
    tone = torch.sin(torch.arange(16_000) * (2 * torch.pi * 1000 / 16_000))
    edges = torch.linspace(1127 * 0.16430, 1127 * 2.46130, 66)  # of 125 and 7500 Hz
    heard = int(examples(tone).mean(dim=(0, 1)).argmax())
    assert edges[heard] < 1127 * 0.88730 < edges[heard + 2]


def test_nothing_is_taken_from_below_or_above():
    weights = bands()
    hertz = torch.linspace(0, 8_000, 257)
    assert not weights[(hertz < 125) | (hertz > 7_500)].any()
    assert (weights.sum(dim=1) > 0)[(hertz > 140) & (hertz < 7_400)].all()


def test_a_checkpoint_is_read(tmp_path, network):
    torch.save(network.state_dict(), tmp_path / FILE)
    loaded = load_vggish(tmp_path / FILE, ON_CPU, TINY)
    shown = examples(noise(20_000))
    assert torch.equal(loaded(shown), network(shown))


def test_published_names_and_sizes():
    with torch.device("meta"):
        shapes = {name: tuple(value.shape) for name, value in Vggish().state_dict().items()}
    assert shapes["features.13.weight"] == (512, 512, 3, 3)
    assert shapes["embeddings.0.weight"] == (4096, 512 * 6 * 4)
    assert shapes["embeddings.4.bias"] == (128,)
    assert len(shapes) == 18


def test_another_model_is_refused(tmp_path, network):
    torch.save(network.state_dict(), tmp_path / FILE)
    with pytest.raises(BadModel, match="shape"):
        load_vggish(tmp_path / FILE, ON_CPU, VggishConfig(stages=TINY.stages, hidden=12, embedding=8))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(MissingPart, match="soundstage models pull"):
        load_vggish(tmp_path / FILE, ON_CPU, TINY)
