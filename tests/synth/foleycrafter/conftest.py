"""What the tests of FoleyCrafter share."""

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Tiny networks are slower on several threads."""
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def parts(tmp_path_factory):
    """A tiny FoleyCrafter's files; do not change them."""
    pytest.importorskip("diffusers")
    from tests.synth.foleycrafter import models

    return models.write(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def crafter(parts):
    """It, loaded."""
    from tests.synth.foleycrafter import models

    return models.tiny(parts)
