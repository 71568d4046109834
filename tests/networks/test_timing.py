import numpy as np
import pytest

torch = pytest.importorskip("torch")

from soundstage.errors import MissingPart  # noqa: E402
from soundstage.networks.pictures import for_sync  # noqa: E402
from soundstage.networks.rack import Setting  # noqa: E402
from soundstage.networks.synchformer.config import SyncConfig  # noqa: E402
from soundstage.networks.synchformer.network import SyncNet  # noqa: E402
from soundstage.networks.timing import FILE, Timing  # noqa: E402
from tests.networks.filling import fill, noise, pictures  # noqa: E402

SMALL = SyncConfig(width=8, heads=2, sight_layers=1, sound_layers=1, joint_layers=1, joint_heads=2, patch=56)
ON_CPU = Setting(torch.device("cpu"), torch.float32)


@pytest.fixture(scope="module")
def net():
    return fill(SyncNet(SMALL))


def window():
    return pictures(120, 18, 32).numpy(), noise(76_800).numpy()


def test_a_window_gets_the_networks_own_logits(net):
    seen, heard = window()
    wanted = net.offsets(net.picture_features(for_sync(seen)[None]), net.sound_features(torch.as_tensor(heard)[None]))
    found = Timing(net, ON_CPU).classes(seen, heard)
    assert found.shape == (21,)
    assert np.allclose(found, wanted[0].numpy(), atol=1e-6)


def test_half_precision_is_read_from_the_published_file(tmp_path, net):
    torch.save(net.state_dict(), tmp_path / FILE)
    half = Timing.load(tmp_path, Setting(torch.device("cpu"), torch.bfloat16), SMALL)
    assert np.isfinite(half.classes(*window())).all()


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(MissingPart):
        Timing.load(tmp_path, ON_CPU, SMALL)
