"""An app that records what its sockets are told, and a page of it."""

import pytest

from ..handshakes import Page
from .heard import Heard


@pytest.fixture
def heard():
    return Heard()


@pytest.fixture
def page(heard):
    with Page(heard.node) as page:
        yield page
