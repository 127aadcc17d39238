"""Pushes that come before the first request."""

import pytest

from .browsers import Browser
from .serving import ServerProcess


@pytest.mark.parametrize("kind", ["dev", "dev-debug", "app.run", "pywsgi", "gevent", "gthread"])
def test_thread_that_is_started_at_import_pushes_from_the_start(kind):
    """A sensor measures before the first page is asked for, and goes on when one listens."""
    with ServerProcess(kind, "sensor:app") as server:
        browser = Browser(server.url)
        with browser.open(browser.page("/")) as socket:
            first, second = socket.payloads(2)
        log = server.log()

    assert second == first + 1
    assert "Traceback" not in log
    assert "reached nobody" not in log
