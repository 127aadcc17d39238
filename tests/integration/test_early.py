"""Pushes before the first request."""

import pytest

from .browsers import Browser
from .serving import ServerProcess


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param("dev", marks=pytest.mark.long),
        "dev-debug",
        "app.run",
        "pywsgi",
        "gevent",
        "gthread",
    ],
)
def test_thread_that_is_started_at_import_pushes_from_the_start(kind):
    """A thread pushes before the first page is requested, and later pages receive its pushes."""
    with ServerProcess(kind, "sensor:app") as server:
        browser = Browser(server.url)
        with browser.open(browser.page("/")) as socket:
            first, second = socket.payloads(2)
        log = server.log()

    assert second == first + 1
    assert "Traceback" not in log
    assert "reached nobody" not in log
