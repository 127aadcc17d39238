"""What a stranger sends as the words of a request's first line gives a terminal no orders that
shows the server's log."""

import socket

import pytest

from tests.eventually import DEADLINE, eventually

HANDSHAKE = (
    b" / HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


# gunicorn refuses such a request itself.
@pytest.mark.parametrize("kind", ["pywsgi", "dev"])
def test_method_is_shown_with_its_control_characters_escaped(share, kind):
    """A handshake is asked for by a method that clears the screen."""
    server = share("rooms:app", kind)

    with socket.create_connection(("127.0.0.1", server.port), DEADLINE) as stranger:
        stranger.sendall(b"\x1b[2JGET" + HANDSHAKE)
        assert stranger.recv(100).startswith(b"HTTP/1.1 400")

    eventually(lambda: "is a GET, not a" in server.log())
    (line,) = [one for one in server.log().splitlines() if "is a GET, not a" in one]
    assert line.endswith("not a \\x1b[2JGET.")
