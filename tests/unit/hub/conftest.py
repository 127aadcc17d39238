"""What several tests of this folder share."""

import pytest

from flask_realtime.config.settings import Config

from .house import Forgetful, House


@pytest.fixture
def house():
    registry = Forgetful(Config())
    house = House(registry)
    yield house
    house.reconciler.close()
    registry.close()
