"""An app that records what its sockets are told, and a page of it."""

import pytest

from ...eventually import DEADLINE
from ..handshakes import Page
from .heard import Heard


@pytest.fixture
def heard():
    return Heard()


@pytest.fixture(params=["memory", "redis"])
def heard_anywhere(request):
    """The same with a registry in memory, and with one in Redis."""
    settings = {}
    if request.param == "redis":
        prefix = request.path.stem.replace("_", "-")
        settings = {"REDIS": request.getfixturevalue("redis_url"), "REDIS_PREFIX": prefix}
        settings["REDIS_TIMEOUT_SECONDS"] = DEADLINE
    heard = Heard(registry=request.param, **settings)
    yield heard
    heard.node.close()


@pytest.fixture
def page(heard):
    with Page(heard.node) as page:
        yield page
