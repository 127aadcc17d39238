"""Stories of faults, on real servers and a real Valkey behind a tunnel."""

import pytest

from .scene import Scene


@pytest.fixture(scope="module")
def scene():
    """One for a whole story: each fault leaves it as it was."""
    with Scene() as scene:
        yield scene
