"""Strangers ask for views that push, and for rooms to join, again and again while Redis hangs."""

import json
import secrets

import pytest
import requests

from tests.eventually import DEADLINE, eventually
from tests.integration.serving import ServerProcess

from .conftest import APPS
from .people import Person
from .silences import away, hanging

MANY = 12


@pytest.fixture
def server(store, tmp_path):
    (tmp_path / "go").touch()
    environ = {
        "HOLD": str(tmp_path),
        "REALTIME_ALLOW_CALLS": "true",
        "REALTIME_REDIS": json.dumps(f"redis://127.0.0.1:{store.port}/0"),
        "REALTIME_REDIS_PREFIX": json.dumps(f"t{secrets.token_hex(4)}"),
        "REALTIME_REDIS_TIMEOUT_SECONDS": "1",
    }
    with ServerProcess("gthread", "accounts:app", folder=APPS, **environ) as server:
        yield server


@pytest.mark.parametrize("silence", [hanging, away])
def test_log_has_no_traceback_for_each_request(server, store, silence):
    """A view that pushes is answered 503 by HTTP, and so are a call and a message that join a room
    by their socket, none with a traceback. A line tells where. Pushes work again once Redis is
    back."""
    person = Person(server.url)
    page = person.show()

    def send():
        return requests.post(f"{server.url}/send/room:1", json=1, timeout=DEADLINE)

    with person.open(page, resume=True) as socket:
        socket.resume()
        with silence(store):
            sent = [send() for _ in range(MANY)]
            joined = [
                socket.call("/join/room", method="post")["status"],
                socket.ask("join", data="room")["status"],
            ]
            log = server.log()

    assert {(one.status_code, one.headers["Retry-After"]) for one in sent} == {(503, "1")}
    assert joined == [503] * 2
    assert "Traceback" not in log
    assert "send is cut short, and answered 503: Redis at" in log
    assert "join is cut short, and answered 503: Redis at" in log
    assert "realtime.message.join is cut short, and answered 503: Redis at" in log
    eventually(lambda: send().status_code == 204)
