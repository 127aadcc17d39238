"""Sockets that send more than the server can handle, and go: they hold no place for long."""

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
    """What waits behind that message is dropped: also where so much waits that nothing is read."""
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
        # It goes on reading, and so knows when the server has seen it go.
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
