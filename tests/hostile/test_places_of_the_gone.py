"""Sockets send more messages than the server can handle, and leave: they free their places soon."""

import socket

import pytest
from websockets.exceptions import InvalidStatus

from tests.eventually import eventually

from .people import Person

PLACES = 3
MOST_PENDING = 4


@pytest.mark.parametrize("kind", ["gevent", "gthread"])
@pytest.mark.parametrize("count", [MOST_PENDING - 1, MOST_PENDING + 4])
def test_socket_that_is_gone_keeps_its_place_only_until_its_present_message_ends(
    serve, tmp_path, kind, count
):
    """Further messages are dropped, even if so many wait that the server has stopped reading."""
    environ = {"HOLD": str(tmp_path)}
    options = {"MAX_CONNECTIONS": PLACES, "MAX_PENDING_MESSAGES": MOST_PENDING}
    server = serve("siege:app", kind, environ=environ, **options)
    attacker, visitor = Person(server.url), Person(server.url)
    sockets = [attacker.open(attacker.show("/on/a")) for _ in range(PLACES)]
    for one in sockets:
        for _ in range(count):
            one.send("hold", data=None)
    begun = eventually(lambda: found if len(found := list(tmp_path.glob("*.begun"))) == 3 else None)

    for one in sockets:
        # The socket still reads, so that it notices when the server has seen it leave.
        one.websocket.socket.shutdown(socket.SHUT_WR)
    for one in sockets:
        assert one.close_code() == 1006
        one.close()
    assert not finds_a_place(visitor)
    begun[0].with_suffix(".go").touch()

    eventually(lambda: finds_a_place(visitor))
    for one in begun:
        one.with_suffix(".go").touch()
    eventually(lambda: finds_a_place(visitor))
    assert len(list(tmp_path.glob("*.begun"))) == PLACES


def finds_a_place(visitor):
    try:
        visitor.open(visitor.show("/on/a")).close()
    except InvalidStatus as refused:
        assert refused.response.status_code == 503
        return False
    return True
