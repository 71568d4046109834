"""What all tests share."""

import sys

import pytest
from hypothesis import settings

# How long an example takes is the machine's affair: no test measures time.
settings.register_profile("house", deadline=None)
settings.load_profile("house")


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """Tiny networks are slower on several threads, and results would hang on how work is split."""
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)
