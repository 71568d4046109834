import pytest

torch = pytest.importorskip("torch")

from soundstage.errors import BadModel  # noqa: E402
from soundstage.networks.onsetnet import OnsetNet, prepared  # noqa: E402
from tests.networks.filling import fill, noise, pictures  # noqa: E402

WIDTHS = (4, 6, 8, 8)


def filled(widths=WIDTHS):
    network = fill(OnsetNet(widths))
    for name, values in network.named_buffers():
        if name.endswith("running_var"):
            values.abs_().add_(0.5)
    return network


@pytest.fixture(scope="module")
def network():
    return filled()


def test_every_picture_gets_one_logit(network):
    assert network(noise(2, 3, 5, 32, 32)).shape == (2, 5)


def test_a_long_sequence_in_pieces_is_as_the_whole(network):
    sequence = noise(3, 50, 16, 16)
    whole = network(sequence[None])[0]
    pieces = list(network.along(sequence.unbind(1), at_once=8))
    assert [len(piece) for piece in pieces] == [8, 8, 8, 8, 18]
    torch.testing.assert_close(torch.cat(pieces), whole, atol=1e-5, rtol=0)


def test_few_pictures_are_one_piece(network):
    pieces = list(network.along(noise(3, 4, 16, 16).unbind(1), at_once=8))
    assert [len(piece) for piece in pieces] == [4]


def test_recorded_output(network):
    logits = network(30 * noise(1, 3, 6, 32, 32, key=5))[0]
    torch.testing.assert_close(logits, torch.tensor(RECORDED), atol=1e-5, rtol=0)


@pytest.mark.parametrize("wrapped", [False, True], ids=["plain", "from-several-cards"])
def test_the_published_file_gives_the_network_whose_weights_it_holds(tmp_path, network, wrapped):
    weights = {("module." if wrapped else "") + name: value for name, value in network.state_dict().items()}
    path = tmp_path / "timestamp_detector.pth.tar"
    torch.save({"epoch": 3, "step": 9, "state_dict": weights, "optimizer": {"state": {}, "param_groups": []}}, path)
    sequence = noise(1, 3, 3, 16, 16)
    torch.testing.assert_close(OnsetNet.load(path, WIDTHS)(sequence), network(sequence))


def test_the_published_network_has_the_published_size_and_names():
    shapes = {name: tuple(value.shape) for name, value in OnsetNet().state_dict().items()}
    assert shapes["net.model.layer2.0.conv1.0.3.weight"] == (128, 230, 3, 1, 1)
    assert shapes["net.model.layer2.0.conv2.0.0.weight"] == (230, 128, 1, 3, 3)
    assert shapes["net.model.layer4.0.conv1.0.3.weight"] == (512, 921, 3, 1, 1)
    assert shapes["net.model.layer3.0.downsample.1.running_mean"] == (256,)
    assert shapes["fc.2.weight"] == (1, 128)
    assert len(shapes) == 226


def test_another_network_is_refused(tmp_path):
    path = tmp_path / "timestamp_detector.pth.tar"
    torch.save({"state_dict": torch.nn.Linear(2, 2).state_dict()}, path)
    with pytest.raises(BadModel, match=r"does not fit OnsetNet: it lacks .* and \d+ more of the 226 tensors expected"):
        OnsetNet.load(path)


def test_pictures_are_squeezed_cropped_and_put_into_the_statistics_of_training():
    grey = torch.full((1, 60, 90, 3), 128, dtype=torch.uint8)
    found = prepared(grey)
    assert found.shape == (1, 3, 112, 112)
    expected = torch.tensor(
        [(128 / 255 - mean) / spread for mean, spread in ((0.485, 0.229), (0.456, 0.224), (0.406, 0.225))]
    )
    torch.testing.assert_close(found[0, :, 40, 70], expected)


def test_the_outer_sixteenths_of_a_picture_are_not_seen():
    seen, unseen = pictures(2, 128, 128)
    unseen = seen.clone()
    unseen[:8], unseen[:, -8:] = 0, 255
    torch.testing.assert_close(prepared(seen[None]), prepared(unseen[None]))


RECORDED = [-0.040163, -0.050839, -0.046162, -0.06225, -0.04747, -0.06002]
