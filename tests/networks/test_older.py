import numpy as np
import pytest

torch = pytest.importorskip("torch")

from soundstage.errors import BadModel  # noqa: E402
from soundstage.networks.checkpoints import read_weights  # noqa: E402
from soundstage.networks.older import read_older_weights  # noqa: E402

LEFT = [
    pytest.param(np.float64(0.5), id="number"),
    pytest.param(np.arange(3), id="whole numbers"),
    pytest.param(np.zeros((2, 2), np.float32), id="floats"),
    pytest.param(np.array(["a", "bc"]), id="texts"),
    pytest.param([np.bool_(True), {"deep": np.int32(3)}], id="nested"),
]


class Hostile:
    def __reduce__(self):
        return eval, ("1 + 1",)


@pytest.mark.parametrize("left", LEFT)
def test_what_numpy_left_is_let_through(tmp_path, left):
    torch.save({"model": {"weight": torch.ones(2)}, "left": left}, tmp_path / "a.pth")
    assert read_older_weights(tmp_path / "a.pth")["weight"].tolist() == [1, 1]


def test_afterwards_it_is_refused_again(tmp_path):
    torch.save({"model": {"weight": torch.ones(2)}, "left": np.arange(3)}, tmp_path / "a.pth")
    read_older_weights(tmp_path / "a.pth")
    with pytest.raises(BadModel):
        read_weights(tmp_path / "a.pth")


@pytest.mark.parametrize(
    "left", [pytest.param(Hostile(), id="bare"), pytest.param(np.array([Hostile()], object), id="in an array")]
)
def test_code_is_never_run(tmp_path, left):
    torch.save({"model": {"weight": torch.ones(2)}, "left": left}, tmp_path / "a.pth")
    with pytest.raises(BadModel, match="damaged or no checkpoint"):
        read_older_weights(tmp_path / "a.pth")
