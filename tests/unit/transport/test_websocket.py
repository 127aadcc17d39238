"""RFC 6455 by simple-websocket: the handshake it composes, and what it reads."""

import pytest
from wsproto.utilities import RemoteProtocolError

from flask_realtime.transport.websocket import WebSocket

HANDSHAKE = {
    "HTTP_HOST": "example.com",
    "HTTP_UPGRADE": "websocket",
    "HTTP_CONNECTION": "Upgrade",
    "HTTP_SEC_WEBSOCKET_KEY": "dGhlIHNhbXBsZSBub25jZQ==",
    "HTTP_SEC_WEBSOCKET_VERSION": "13",
}


def handshake(**more):
    return WebSocket({**HANDSHAKE, **more}, 1000)


def test_websocket_composes_the_answer_of_the_specification():
    """The 101 of RFC 6455's own example, section 1.3."""
    websocket = handshake()

    assert websocket.accept.startswith(b"HTTP/1.1 101 ")
    assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in websocket.accept
    assert websocket.accept.endswith(b"\r\n\r\n")


def test_websocket_agrees_on_deflate_without_context():
    """Neither side keeps a compressor, whatever the browser would have allowed."""
    websocket = handshake(
        HTTP_SEC_WEBSOCKET_EXTENSIONS="permessage-deflate; client_max_window_bits"
    )

    assert websocket.deflates
    assert b"server_no_context_takeover" in websocket.accept
    assert b"client_no_context_takeover" in websocket.accept


@pytest.mark.parametrize(
    ("offer", "deflates"),
    [
        ("", False),
        ("x-unknown", False),
        ("permessage-deflate", True),
        ("permessage-deflate; server_max_window_bits=15", True),
        ("permessage-deflate; server_max_window_bits=9", False),
        ('permessage-deflate; server_max_window_bits="10"', False),
        ("permessage-deflate; server_max_window_bits=9, permessage-deflate", True),
        ("permessage-deflate-x", False),
    ],
)
def test_websocket_deflates_only_for_the_full_window(offer, deflates):
    """A client that asks for a smaller window gets plain frames: the deflated ones are shared."""
    websocket = handshake(HTTP_SEC_WEBSOCKET_EXTENSIONS=offer)

    assert websocket.deflates == deflates
    assert (b"permessage-deflate" in websocket.accept) == deflates


def test_websocket_names_the_window_that_an_offer_names():
    """A client that asks for the full window takes no answer for a yes that does not name it."""
    websocket = handshake(
        HTTP_SEC_WEBSOCKET_EXTENSIONS="permessage-deflate; server_max_window_bits=15"
    )

    assert b"server_max_window_bits=15" in websocket.accept
    assert (
        b"server_max_window_bits"
        not in handshake(HTTP_SEC_WEBSOCKET_EXTENSIONS="permessage-deflate").accept
    )


def test_websocket_takes_no_header_of_the_app_for_its_own():
    """Only the handshake's own headers reach the protocol, not every header of the request."""
    websocket = handshake(HTTP_COOKIE="secret=1", HTTP_X_INJECTED="a\r\nUpgrade: other")

    assert b"secret" not in websocket.accept


@pytest.mark.parametrize("missing", ["HTTP_UPGRADE", "HTTP_CONNECTION", "HTTP_HOST"])
def test_websocket_refuses_a_malformed_handshake(missing):
    """A handshake without its headers is the peer's mistake, and said so."""
    headers = {key: value for key, value in HANDSHAKE.items() if key != missing}

    with pytest.raises(RemoteProtocolError):
        WebSocket(headers, 1000)
