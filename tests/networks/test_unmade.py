import subprocess
import sys

import pytest

torch = pytest.importorskip("torch")

from soundstage.networks.unmade import unmade  # noqa: E402

nn = torch.nn


def small():
    return nn.Sequential(nn.Embedding(3, 4), nn.Linear(4, 4), nn.LayerNorm(4), nn.Conv1d(4, 2, 1), nn.BatchNorm1d(2))


def test_an_unmade_network_has_shapes_but_no_memory():
    network = unmade(small)
    assert {name: value.shape for name, value in network.state_dict().items()} == {
        name: value.shape for name, value in small().state_dict().items()
    }
    assert {value.device.type for value in network.state_dict().values()} == {"meta"}


def test_loaded_weights_make_it_whole():
    made = small().eval()
    network = unmade(small).eval()
    network.load_state_dict(made.state_dict(), assign=True)
    words = torch.tensor([[0, 2]])
    first = made[:3](words).transpose(1, 2)
    assert torch.equal(network[3:](network[:3](words).transpose(1, 2)), made[3:](first))


def test_networks_built_afterwards_have_their_first_weights():
    unmade(small)
    weight = nn.Linear(40, 40).weight
    assert weight.device.type == "cpu"
    assert 0 < weight.abs().max() <= 40**-0.5


def test_what_goes_wrong_while_building_leaves_nothing_behind():
    with pytest.raises(TypeError):
        unmade(lambda: nn.Linear("three", 3))
    assert torch.zeros(1).device.type == "cpu"


def test_the_compiler_is_not_loaded_for_it():
    script = """
import sys
from torch import nn
from soundstage.networks.unmade import unmade
before = "sympy" in sys.modules
unmade(lambda: nn.Sequential(nn.Embedding(3, 4), nn.Linear(4, 4)))
print(before or "sympy" not in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"
