"""What the tests of FoleyCrafter share."""

import pytest


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
