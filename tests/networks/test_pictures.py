import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from soundstage.networks import pictures as preparing  # noqa: E402
from tests.networks.filling import pictures  # noqa: E402


def by_pillow(frame, height, width):
    """What torchvision's kernel for bytes is modelled on."""
    return np.asarray(Image.fromarray(frame.numpy()).resize((width, height), Image.Resampling.BICUBIC))


@pytest.mark.parametrize(
    ("before", "after"),
    [((90, 160), (40, 40)), ((30, 20), (64, 96)), ((120, 50), (60, 25))],
    ids=["squeezed", "enlarged", "halved"],
)
def test_resizing_bytes_is_pillows_bicubic(before, after):
    frames = pictures(2, *before)
    result = preparing.resized(preparing.channels_first(frames), *after)
    assert result.dtype == torch.uint8
    for frame, one in zip(frames, result, strict=True):
        difference = by_pillow(frame, *after).astype(int) - one.permute(1, 2, 0).numpy()
        assert np.abs(difference).max() <= 2  # its weights are kept in fewer bits than Pillow's
        assert (difference != 0).mean() < 0.02


def test_resizing_overshoots_to_the_ends_of_the_range_not_around_them():
    edge = torch.zeros(1, 3, 8, 8, dtype=torch.uint8)
    edge[..., 4:] = 255
    result = preparing.resized(edge, 8, 32)
    assert result[..., :12].max() == 0
    assert result[..., 20:].min() == 255


def test_bytes_elsewhere_than_on_a_cpu_take_the_way_over_floats():
    frames = preparing.channels_first(pictures(1, 40, 60)).to("meta")
    result = preparing.resized(frames, 20, 30)
    assert (result.dtype, result.shape) == (torch.uint8, (1, 3, 20, 30))


def test_a_picture_of_the_right_size_stays_as_it_is():
    frames = preparing.channels_first(pictures(1, 20, 30))
    assert preparing.resized(frames, 20, 30) is frames


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [(720, 1280, (224, 398)), (1280, 720, (398, 224)), (300, 300, (224, 224)), (100, 179, (224, 400))],
    ids=["landscape", "portrait", "square", "small"],
)
def test_the_longer_side_follows_rounded_down(height, width, expected):
    frames = torch.zeros(1, 3, height, width, dtype=torch.uint8)
    assert preparing.shorter_side_resized(frames, 224).shape[-2:] == expected


@pytest.mark.parametrize(
    ("width", "left"), [(10, 3), (9, 2), (11, 4), (4, 0)], ids=["even", "half down", "half up", "all"]
)
def test_the_middle_is_cut_with_halves_to_even(width, left):
    columns = torch.arange(width).expand(1, 3, 4, width)
    assert preparing.centre_cropped(columns, 4)[0, 0, 0].tolist() == list(range(left, left + 4))


def test_clip_gets_the_whole_picture_squeezed_into_a_square():
    frames = pictures(2, 36, 64)
    result = preparing.for_clip(frames.numpy())
    assert (result.shape, result.dtype) == ((2, 3, 384, 384), torch.float32)
    expected = by_pillow(frames[0], 384, 384).transpose(2, 0, 1) / 255
    assert np.abs(result[0].numpy() - expected).max() < 2.01 / 255


def test_synchformer_gets_the_middle_square_around_zero():
    frames = pictures(2, 36, 64)
    result = preparing.for_sync(frames)
    assert (result.shape, result.dtype) == ((2, 3, 224, 224), torch.float32)
    whole = by_pillow(frames[1], 224, 398)[:, 87:311].transpose(2, 0, 1)
    assert np.abs(result[1].numpy() - (whole / 127.5 - 1)).max() < 2.01 / 127.5


def test_normalising_takes_each_channels_mean_and_deviation_out():
    values = torch.tensor([0.5, 0.5, 1.0]).view(1, 3, 1, 1)
    result = preparing.normalised(values, (0.5, 0.25, 0.0), (1.0, 0.5, 0.25))
    assert result.flatten().tolist() == [0.0, 0.5, 4.0]
