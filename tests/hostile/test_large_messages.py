"""A visitor sends large messages that take long to handle."""

import json

import pytest

from tests.eventually import eventually
from tests.integration.browsers import Browser
from tests.integration.raw import RawSocket

# A message of about the largest size that is accepted, with as many values as possible.
LARGE = json.dumps({"id": "1", "action": "hold", "data": [[]] * 65_000}, separators=(",", ":"))
COUNT = 10


@pytest.mark.parametrize("kind", ["gevent", "gthread"])
def test_visitor_whose_large_messages_take_long_holds_up_nobody_else(serve, hold, kind):
    """One visitor sends many large messages, of which one or two are handled at a time. Another
    visitor is answered at once."""
    server = serve("siege:app", kind, environ={"HOLD": str(hold)})
    greedy, other = Browser(server.url), Browser(server.url)
    sockets = [RawSocket(server, greedy, greedy.page("/on/greedy")) for _ in range(COUNT)]
    for socket in sockets:
        socket.send(1, LARGE.encode())
    eventually(lambda: list(hold.iterdir()))

    with RawSocket(server, other, other.page("/on/other")) as socket:
        socket.send(1, LARGE.replace("hold", "nothing").encode())
        reply = json.loads(socket.receive()[1])

    assert reply["status"] == 404
    assert len(list(hold.glob("*.begun"))) in (1, 2)
    _let_go_of_all(hold, COUNT)
    for socket in sockets:
        assert json.loads(socket.receive()[1])["status"] == 204
        socket.__exit__()


def _let_go_of_all(hold, count):
    def let_go():
        begun = list(hold.glob("*.begun"))
        for one in begun:
            one.with_suffix(".go").touch()
        return len(begun) == count

    eventually(let_go)
