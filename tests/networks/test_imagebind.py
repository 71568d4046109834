import numpy as np
import pytest

torch = pytest.importorskip("torch")

from soundstage.errors import BadModel, MissingPart  # noqa: E402
from soundstage.networks.imagebind.config import HUGE, ImageBindConfig, TrunkConfig  # noqa: E402
from soundstage.networks.imagebind.embedding import FILE, ImageBind, filterbanks, squares  # noqa: E402
from soundstage.networks.imagebind.network import ImageBindNetwork  # noqa: E402
from soundstage.networks.rack import Setting  # noqa: E402
from tests.networks.filling import fill, noise, pictures  # noqa: E402

TINY = ImageBindConfig(
    embedding=8,
    vision=TrunkConfig(width=16, blocks=2, heads=2),
    audio=TrunkConfig(width=12, blocks=2, heads=3),
    text=TrunkConfig(width=8, blocks=2, heads=2),
    picture=56,
    vocabulary=100,
    words=12,
)
ON_CPU = Setting(torch.device("cpu"), torch.float32)


@pytest.fixture(scope="module")
def network():
    return fill(ImageBindNetwork(TINY))


@pytest.fixture(scope="module")
def model(network):
    return ImageBind(network, ON_CPU)


def published(network, **changes):
    """All that the published file holds: more senses, scales, the causal mask."""
    return {
        **network.state_dict(),
        "modality_preprocessors.text.mask": torch.zeros(12, 12),
        "modality_preprocessors.depth.cls_token": torch.zeros(1, 1, 4),
        "modality_trunks.imu.blocks.0.attn.bias_k": torch.zeros(1, 1, 4),
        "modality_heads.thermal.2.weight": torch.zeros(8, 4),
        "modality_postprocessors.text.1.log_logit_scale": torch.zeros(()),
        "modality_postprocessors.audio.1.log_logit_scale": torch.zeros(()),
        **changes,
    }


def words(*numbers):
    return np.pad(np.array([numbers], np.int64), ((0, 0), (0, TINY.words - len(numbers))))


def sound(seconds=4.0, key=0):
    return noise(round(16_000 * seconds), key=key).numpy()


def test_pictures_get_the_recorded_embedding(network):
    found = network.vision(noise(2, 3, 2, 56, 56))
    assert found.shape == (2, 8)
    assert found[1, :4].tolist() == pytest.approx([0.25026, -0.22764, 0.22375, 0.30849], abs=1e-4)


def test_clips_get_the_recorded_embedding(network):
    found = network.audio(noise(2, 1, 128, 204))
    assert found.shape == (2, 8)
    assert found[1, :4].tolist() == pytest.approx([0.31761, -0.64339, 0.38862, -0.19305], abs=1e-4)


def test_words_get_the_recorded_embedding(network):
    found = network.text(torch.as_tensor(words(98, 5, 7, 99)))
    assert found.shape == (1, 8)
    assert found[0, :4].tolist() == pytest.approx([0.80238, -0.31279, -0.14562, -0.21697], abs=1e-4)


def test_the_published_sizes_have_the_published_names():
    with torch.device("meta"):
        state = ImageBindNetwork(HUGE).state_dict()
    shapes = {name: tuple(state[name].shape) for name in state}
    assert shapes["modality_preprocessors.vision.rgbt_stem.proj.1.weight"] == (1280, 3, 2, 14, 14)
    assert shapes["modality_preprocessors.vision.pos_embedding_helper.pos_embed"] == (1, 257, 1280)
    assert shapes["modality_preprocessors.audio.pos_embedding_helper.pos_embed"] == (1, 229, 768)
    assert shapes["modality_trunks.audio.blocks.11.attn.bias_v"] == (1, 1, 768)
    assert shapes["modality_heads.text.proj.1.weight"] == (1024, 1024)
    assert len(state) == 861


def test_what_comes_after_the_end_of_a_text_does_not_count(network):
    plain, trailing = words(98, 5, 99), words(98, 5, 99)
    trailing[0, 6:] = 3
    assert torch.allclose(network.text(torch.as_tensor(plain)), network.text(torch.as_tensor(trailing)), atol=1e-6)


def test_embeddings_have_length_one(model):
    frames = pictures(4, 60, 90).numpy()
    found = [model.vision(frames), model.audio(sound()), model.text(words(98, 5, 99))[0]]
    assert [np.linalg.norm(each) for each in found] == pytest.approx([1.0] * 3, abs=1e-5)


def test_one_picture_stands_still(model):
    frames = pictures(1, 60, 90).numpy()
    assert np.allclose(model.vision(frames), model.vision(np.concatenate([frames, frames])), atol=1e-6)


def test_the_order_of_pictures_counts(model):
    frames = pictures(2, 60, 90).numpy()
    assert not np.allclose(model.vision(frames), model.vision(frames[::-1].copy()), atol=1e-3)


def test_squares_lie_left_in_the_middle_and_right():
    frames = np.zeros((2, 56, 112, 3), np.uint8)
    frames[:, :, :56] = 255
    left, middle, right = squares(frames, 56)[:, 0, 0]
    assert (left > 0).all()
    assert (right < 0).all()
    assert (middle[:, :28] > 0).all()
    assert (middle[:, 28:] < 0).all()


def test_squares_of_a_tall_picture_lie_one_above_the_other():
    frames = np.zeros((1, 112, 56, 3), np.uint8)
    frames[:, :56] = 255
    top, _, bottom = squares(frames, 56)[:, 0, 0]
    assert (top > 0).all()
    assert (bottom < 0).all()


def test_clips_of_a_sound_begin_at_thirds_of_its_last_start():
    """A click at 2 s of 8 s: the clips begin at 0, 2 and 4 s, so it is heard in the second alone."""
    click = torch.zeros(128_000)
    click[32_100:32_200] = 1.0
    heard = filterbanks(click)[..., :198].amax(dim=(1, 2, 3))
    assert heard[1] > heard[0] + 0.5
    assert float(heard[0]) == pytest.approx(float(heard[2]), abs=1e-4)


@pytest.mark.parametrize("samples", [0, 10, 5000, 32_000, 50_000])
def test_a_sound_of_any_length_fills_its_clips(samples):
    found = filterbanks(noise(samples))
    assert found.shape == (3, 1, 128, 204)
    assert torch.isfinite(found).all()
    assert torch.allclose(found[..., 198:], torch.tensor(4.268 / 9.138))


def test_the_published_file_is_read(tmp_path, network, model):
    torch.save(published(network), tmp_path / FILE)
    loaded = ImageBind.load(tmp_path, ON_CPU, TINY)
    assert np.allclose(loaded.audio(sound()), model.audio(sound()), atol=1e-6)


def test_half_precision_stays_near(network, tmp_path, model):
    torch.save(published(network), tmp_path / FILE)
    half = ImageBind.load(tmp_path, Setting(torch.device("cpu"), torch.bfloat16), TINY)
    frames = pictures(3, 60, 90).numpy()
    assert half.vision(frames) @ model.vision(frames) > 0.99
    assert half.audio(sound()) @ model.audio(sound()) > 0.99


def test_another_model_is_named(tmp_path, network):
    torch.save(published(network, **{"modality_heads.audio.2.weight": torch.zeros(9, 12)}), tmp_path / FILE)
    with pytest.raises(BadModel, match=r"modality_heads\.audio\.2\.weight has shape \(9, 12\) where \(8, 12\)"):
        ImageBind.load(tmp_path, ON_CPU, TINY)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(MissingPart, match="soundstage models pull"):
        ImageBind.load(tmp_path, ON_CPU, TINY)
