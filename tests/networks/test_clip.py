import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import save_file  # noqa: E402

from soundstage.errors import BadModel, MissingPart  # noqa: E402
from soundstage.networks.clip.config import DFN5B, ClipConfig, Tower  # noqa: E402
from soundstage.networks.clip.network import Clip, load_clip  # noqa: E402
from soundstage.networks.rack import Setting  # noqa: E402
from soundstage.networks.unmade import unmade  # noqa: E402
from tests.networks.filling import fill, noise  # noqa: E402

SMALL = ClipConfig(48, 30, 7, Tower(40, 2, 4), Tower(32, 2, 4), vocabulary=100, context=20, quick_gelu=True)
END = SMALL.vocabulary - 1
ON_CPU = Setting(torch.device("cpu"), torch.float32)


@pytest.fixture(scope="module")
def clip():
    return fill(Clip(SMALL))


def seen(side=33):
    return noise(2, 3, side, side).add(1).div(2)


def texts():
    tokens = noise(2, SMALL.context).abs().mul(END - 1).long()
    tokens[:, 10] = END
    return tokens


def published(clip, path):
    weights = {**clip.state_dict(), "logit_scale": torch.tensor(4.6)}
    if path.suffix == ".safetensors":
        save_file(weights, path)
    else:
        torch.save(weights, path)
    return path


def test_pictures_become_the_recorded_vectors(clip):
    features = clip.picture_features(seen())
    assert features.shape == (2, 48)
    assert features[0, :4].tolist() == pytest.approx([0.24874, -0.09096, 0.25867, -0.07098], abs=1e-5)


def test_texts_become_the_recorded_vectors(clip):
    features = clip.text_features(texts())
    assert features.shape == (2, 48)
    assert features[1, :4].tolist() == pytest.approx([0.14222, -0.01579, 0.17839, -0.01939], abs=1e-5)


def test_tokens_become_the_recorded_vectors(clip):
    features = clip.token_features(texts())
    assert features.shape == (2, 20, 32)
    assert features[0, 7, :4].tolist() == pytest.approx([-0.0676, -0.30345, -0.29418, 0.23216], abs=1e-5)


def test_all_vectors_have_length_one(clip):
    for features in (clip.picture_features(seen()), clip.text_features(texts()), clip.token_features(texts())):
        assert torch.allclose(features.norm(dim=-1), torch.ones(features.shape[:-1]))


def test_what_fills_no_patch_is_not_looked_at(clip):
    whole, cut = seen(side=33), seen(side=33)
    cut[..., 28:, :] = 0
    cut[..., 28:] = 0
    assert torch.equal(clip.picture_features(whole), clip.picture_features(cut))


def test_a_text_is_read_up_to_its_end(clip):
    longer = texts()
    longer[:, 11:] = 3
    assert torch.allclose(clip.text_features(texts()), clip.text_features(longer), atol=1e-6)
    assert not torch.allclose(clip.token_features(texts()), clip.token_features(longer), atol=1e-2)


@pytest.mark.parametrize("name", ["open_clip_pytorch_model.bin", "open_clip_model.safetensors"])
def test_the_published_file_is_loaded(clip, tmp_path, name):
    loaded = load_clip(published(clip, tmp_path / name), ON_CPU, SMALL)
    assert torch.equal(loaded.picture_features(seen()), clip.picture_features(seen()))
    assert torch.equal(loaded.token_features(texts()), clip.token_features(texts()))


def test_half_precision_gives_nearly_the_same(clip, tmp_path):
    path = published(clip, tmp_path / "open_clip_pytorch_model.bin")
    loaded = load_clip(path, Setting(torch.device("cpu"), torch.bfloat16), SMALL)
    for whole, half in (
        (clip.picture_features(seen()), loaded.picture_features(seen())),
        (clip.text_features(texts()), loaded.text_features(texts())),
    ):
        assert half.dtype == torch.bfloat16
        assert torch.cosine_similarity(whole, half.float()).min() > 0.999


def test_a_file_of_another_size_is_refused_with_what_differs(clip, tmp_path):
    path = published(clip, tmp_path / "open_clip_pytorch_model.bin")
    other = ClipConfig(48, 30, 7, Tower(40, 3, 4), Tower(32, 2, 4), vocabulary=100, context=20)
    with pytest.raises(BadModel, match=r"visual\.transformer\.resblocks\.2"):
        load_clip(path, ON_CPU, other)


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(MissingPart, match="open_clip"):
        load_clip(tmp_path / "open_clip_pytorch_model.bin", ON_CPU, SMALL)


def test_the_published_model_has_its_published_size_and_names():
    network = unmade(lambda: Clip(DFN5B))
    shapes = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    assert sum(value.numel() for value in network.parameters()) == 986_714_880
    assert shapes["visual.positional_embedding"] == (730, 1280)
    assert shapes["visual.conv1.weight"] == (1280, 3, 14, 14)
    assert shapes["visual.transformer.resblocks.31.attn.in_proj_weight"] == (3840, 1280)
    assert shapes["transformer.resblocks.23.mlp.c_fc.bias"] == (4096,)
    assert shapes["text_projection"] == (1024, 1024)
