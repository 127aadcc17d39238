"""A handshake is under way while its user logs out: its socket opens after the log-out."""

import pytest
from websockets.sync.client import connect

from tests.eventually import eventually
from tests.integration.browsers import Socket

from .people import Person

KINDS = [("gevent", "memory", 1), ("gthread", "memory", 1), ("gevent", "redis", 2)]


@pytest.mark.parametrize(("kind", "registry", "workers"), KINDS)
@pytest.mark.parametrize("way", ["/logout", "/logout-everywhere", "ban"])
def test_handshake_that_was_under_way_is_ended(share, hold, kind, registry, workers, way):
    """The socket is opened, since scripts cannot see why a handshake fails, and closed at once."""
    server = share("accounts:app", kind, registry, workers, environ={"HOLD": str(hold)})
    person = Person(server.url)
    person.log_in("somebody")
    page = person.show("/inbox")
    opening = OpeningSocket(person, f"{page}&held=1")

    eventually(lambda: (hold / "arrived").exists())
    if way == "ban":
        person.post("/ban/somebody")
    else:
        person.log_out(way)
    (hold / "go").touch()

    # The order to close a banned user's open sockets (1000) may reach the other process only once
    # this one is open.
    assert opening.code() in ([1000, 4001] if way == "ban" else [4001])


class OpeningSocket:
    """A socket whose handshake the app holds back."""

    def __init__(self, person, page):
        from concurrent.futures import ThreadPoolExecutor

        address = f"{person.url.replace('http', 'ws', 1)}/?socket_connection_id={page}&resume=1"
        headers = {"Cookie": person.cookies()}
        self._thread = ThreadPoolExecutor(1)
        self._opening = self._thread.submit(
            lambda: Socket(connect(address, additional_headers=headers, ping_interval=None))
        )

    def code(self):
        """Wait until the socket is open and closed, and return the close code."""
        with self._opening.result() as socket:
            code = socket.close_code()
        self._thread.shutdown()
        return code
