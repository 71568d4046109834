import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from soundstage.errors import BadModel, MissingPart  # noqa: E402
from soundstage.networks.laionclap import FILE, LaionClap, LaionConfig, LaionNetwork, filled  # noqa: E402
from soundstage.networks.rack import Setting  # noqa: E402
from tests.networks.filling import fill, noise  # noqa: E402
from tests.networks.htsats import HEARING, published, write_words  # noqa: E402

TINY = LaionConfig(hearing=HEARING, words=40, width=16, layers=1, heads=2, joint=6)
ON_CPU = Setting(torch.device("cpu"), torch.float32)


def written(folder, network, **more):
    """A checkpoint as LAION saved it, with a tokenizer beside it."""
    weights = published(network.state_dict(), "audio_branch.") | {"logit_scale_a": torch.zeros(()), **more}
    weights["audio_transform.sequential.0.weight"] = torch.zeros(6, 6)
    weights["text_branch.embeddings.position_ids"] = torch.arange(514)[None]
    torch.save({"epoch": 15, "state_dict": {f"module.{name}": each for name, each in weights.items()}}, folder / FILE)
    write_words(folder, ["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    return folder


@pytest.fixture(scope="module")
def network():
    return fill(LaionNetwork(TINY))


@pytest.fixture(scope="module")
def clap(network, tmp_path_factory):
    return LaionClap.load(written(tmp_path_factory.mktemp("laion"), network), ON_CPU, TINY)


def test_sounds_get_the_recorded_embeddings(network):
    found = network.sounds(noise(2, 480_000) * 0.3)
    assert found[1].tolist() == pytest.approx([-0.7067, 0.2959, -0.1558, -0.2034, 0.0690, -0.5853], abs=1e-3)


def test_words_get_the_recorded_embeddings(network):
    found = network.texts(torch.tensor([[0, 5, 6, 2, 1, 1]]), torch.tensor([[1, 1, 1, 1, 0, 0]]))
    assert found[0].tolist() == pytest.approx([-0.6347, 0.0929, 0.0829, -0.0699, 0.4977, 0.5736], abs=1e-3)


def test_a_checkpoint_is_read_under_its_publishers_names(clap, network):
    sound = noise(1, 480_000)
    assert torch.equal(clap.sounds(sound), network.sounds(sound))


def test_texts_are_told_apart_and_have_length_1(clap):
    found = clap.texts(["rain", "a dog", "rain"])
    assert found.norm(dim=1).tolist() == pytest.approx([1, 1, 1])
    assert torch.equal(found[0], found[2])
    assert not torch.allclose(found[0], found[1], atol=1e-3)


def test_a_text_that_is_too_long_is_cut(clap):
    assert torch.equal(clap.texts(["a" * 75]), clap.texts(["a" * 200]))


def test_what_is_short_is_repeated_as_often_as_it_fits():
    found = filled(torch.tensor([[1.0, 2.0, 3.0]]), 8)
    assert found.tolist() == [[1, 2, 3, 1, 2, 3, 0, 0]]


def test_of_what_is_long_the_beginning_is_heard():
    assert filled(torch.tensor([[1.0, 2.0, 3.0]]), 2).tolist() == [[1, 2]]


def test_published_sizes():
    config = LaionConfig()
    assert (config.hearing.embedding, config.joint) == (1024, 512)
    with torch.device("meta"):
        shapes = {name: tuple(value.shape) for name, value in LaionNetwork(config).state_dict().items()}
    assert shapes["audio_projection.0.weight"] == (512, 1024)
    assert shapes["text_branch.embeddings.position_embeddings.weight"] == (514, 768)
    assert shapes["audio_branch.audio_encoder.layers.2.blocks.11.attention.self.query.weight"] == (512, 512)


def test_a_fused_model_is_refused(tmp_path, network):
    more = {"audio_branch.patch_embed.mel_conv2d.bias": torch.zeros(8)}
    with pytest.raises(BadModel, match="mel_conv2d"):
        LaionClap.load(written(tmp_path, network, **more), ON_CPU, TINY)


def test_a_missing_checkpoint_is_named(tmp_path):
    with pytest.raises(MissingPart, match="models pull"):
        LaionClap.load(tmp_path, ON_CPU, TINY)
