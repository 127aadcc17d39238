"""A user is put out of a room by a process that does not reach Redis, which hears of it later."""

import contextlib
import json
import secrets
from concurrent.futures import ThreadPoolExecutor

import pytest

from flask_realtime.errors import CloseCode
from flask_realtime.registries.records import LATE_MS
from flask_realtime.threads import clock
from tests.eventually import eventually
from tests.faults.tunnel import Tunnel
from tests.integration.serving import ServerProcess

from .conftest import APPS
from .people import Person, heard_until


@pytest.fixture
def tunnel(store):
    with contextlib.closing(Tunnel(store.port)) as tunnel:
        yield tunnel


@pytest.fixture
def servers(request, store, tunnel, hold):
    """Two servers of one app; the first of them reaches Redis through *tunnel*."""
    environ = {
        "HOLD": str(hold),
        "REALTIME_REDIS_PREFIX": json.dumps(f"t{secrets.token_hex(4)}"),
        "REALTIME_REDIS_TIMEOUT_SECONDS": "2",
    }
    with contextlib.ExitStack() as running:
        yield [
            running.enter_context(
                ServerProcess(
                    request.param,
                    "accounts:app",
                    folder=APPS,
                    REALTIME_REDIS=json.dumps(f"redis://127.0.0.1:{port}/0"),
                    **environ,
                )
            )
            for port in (tunnel.port, store.port)
        ]


@pytest.mark.parametrize(
    ("servers", "is_kicked"),
    [
        ("gevent", True),
        ("gthread", False),
        pytest.param("gthread", True, marks=pytest.mark.long),
        pytest.param("gevent", False, marks=pytest.mark.long),
    ],
    indirect=["servers"],
)
def test_handler_that_asked_before_the_kick_lets_nobody_in_for_good(
    servers, tunnel, hold, is_kicked
):
    """A handler of another process subscribes its page to the room between the kick and the time
    at which Redis hears of the kick. The page comes back, and does not hear the room."""
    here, there = servers
    person, admin = Person(there.url), Person(there.url)
    person.log_in("somebody")
    page = person.show("/rooms/2")
    with person.open(page, resume=True) as socket, ThreadPoolExecutor() as threads:
        assert socket.resume()["known"]
        joining = threads.submit(socket.ask, "join", data="1")
        eventually((hold / "arrived").exists)
        tunnel.freeze()
        if is_kicked:
            assert Person(here.url).post("/kick/somebody/1").status_code == 204
        kicked = clock.monotonic()
        (hold / "go").touch()
        assert joining.result()["status"] == 204
        eventually(lambda: clock.monotonic() > kicked + LATE_MS / 1000)
        tunnel.thaw()
        if is_kicked:
            assert socket.close_code() == CloseCode.SERVICE_RESTART

    with person.open(page, resume=True) as socket:
        assert socket.resume()["known"]
        admin.post("/send/room:1", json="for members")
        # Messages of two channels may come in any order.
        admin.post(f"/send/room:{2 if is_kicked else 1}", json="last")
        heard = heard_until(socket, "last")

    assert heard == ([] if is_kicked else ["for members"])
