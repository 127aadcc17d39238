"""Handshakes: what is accepted, agreed on and refused."""

import pytest
from flask import Flask
from werkzeug.test import create_environ

from flask_realtime.config.settings import Config
from flask_realtime.identity.keys import SOCKET_KEY
from flask_realtime.identity.origins import SHOWN
from flask_realtime.transport.handshake import (
    Handshake,
    Refusal,
    agree,
    check,
    check_headers,
    printable,
    refuse,
)

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
HEADERS = {
    "Host": "example.com",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Version": "13",
}
PAGE = "an-id-of-this-page"


class Socket:
    """A socket as a server gives it to the app."""


@pytest.fixture
def app():
    app = Flask(__name__)
    app.secret_key = "a secret"
    return app


def handshake(app, query=f"socket_connection_id={PAGE}", key="a key", environ=(), **headers):
    """Return the checked handshake of a request to *app*."""
    sent = {name: value for name, value in {**HEADERS, **headers}.items() if value is not None}
    overrides = {
        "werkzeug.socket": Socket(),
        "wsgi.multithread": True,
        "REMOTE_ADDR": "192.0.2.1",
        **dict(environ),
    }
    if key is not None:
        signer = app.session_interface.get_signing_serializer(app)
        sent["Cookie"] = f"session={signer.dumps({SOCKET_KEY: key})}"
    asked = app.test_request_context(f"/?{query}", headers=sent, environ_overrides=overrides)
    with asked as context:
        return check(Config(), context.request)


def refusal(app, *args, **options):
    with pytest.raises(Refusal) as refused:
        handshake(app, *args, **options)
    return refused.value.status, refused.value.reason


def test_handshake_of_a_page_is_accepted(app):
    """The handshake names the session, the page, and whether the page will resume."""
    first = handshake(app)
    second = handshake(app, f"socket_connection_id={PAGE}&resume=1", key="another")

    assert (first.connection_id, first.socket_key, first.resumes) == (PAGE, "a key", False)
    assert (second.connection_id, second.socket_key, second.resumes) == (PAGE, "another", True)
    assert first.address == "192.0.2.1"


def test_answer_is_that_of_the_specification(app):
    """The answer to the example in RFC 6455, section 1.3, is the one given there."""
    answer = handshake(app).accept

    assert answer.startswith(b"HTTP/1.1 101 ")
    assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in answer
    assert answer.endswith(b"\r\n\r\n")


def test_answer_holds_nothing_of_the_app(app):
    """The 101 has no header of the request or the app, such as a cookie."""
    answer = handshake(app, **{"Cookie": "secret=1", "X-Other": "other"}).accept

    assert b"secret" not in answer
    assert b"other" not in answer


def test_deflate_is_agreed_on_without_context(app):
    """Deflate is agreed on without context takeover, so neither side keeps a compressor."""
    offer = "permessage-deflate; client_max_window_bits"
    agreed = handshake(app, **{"Sec-WebSocket-Extensions": offer})

    assert agreed.deflates
    assert b"server_no_context_takeover" in agreed.accept
    assert b"client_no_context_takeover" in agreed.accept


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
def test_deflate_is_agreed_on_for_the_full_window_alone(app, offer, deflates):
    """A client that asks for a smaller window gets frames without deflate, because deflated frames
    are shared by all clients."""
    agreed = handshake(app, **{"Sec-WebSocket-Extensions": offer})

    assert agreed.deflates == deflates
    assert (b"permessage-deflate" in agreed.accept) == deflates


def test_window_is_named_where_the_offer_names_it():
    """A client whose offer names the full window expects an answer that names it too."""
    assert "server_max_window_bits=15" in agree("permessage-deflate; server_max_window_bits=15")
    assert "server_max_window_bits" not in agree("permessage-deflate")


@pytest.mark.parametrize(
    ("headers", "status", "word"),
    [
        ({"Sec-WebSocket-Version": "8"}, 426, "version 13"),
        ({"Sec-WebSocket-Version": None}, 426, "version 13"),
        ({"Sec-WebSocket-Key": None}, 400, "Sec-WebSocket-Key"),
        ({"Sec-WebSocket-Key": "c2hvcnQ="}, 400, "Sec-WebSocket-Key"),
        ({"Sec-WebSocket-Key": "not base64!!"}, 400, "Sec-WebSocket-Key"),
        ({"Origin": "http://evil.example"}, 403, "REALTIME_ALLOWED_ORIGINS"),
        ({"Host": "127.0.0.1:8000", "Origin": "http://localhost"}, 403, "proxy_set_header Host"),
        ({"Origin": "null"}, 403, "REALTIME_ALLOWED_ORIGINS"),
    ],
)
def test_handshake_is_refused_for_its_headers(app, headers, status, word):
    """A malformed handshake, or one of another site, is refused with the reason."""
    found, reason = refusal(app, **headers)

    assert found == status
    assert word in reason


def test_refused_page_of_http_is_told_of_the_scheme(app):
    """A proxy says that all came by https, and this page came by http: the reason names the scheme,
    not the host, which is right."""
    https = {"wsgi.url_scheme": "https"}

    _, reason = refusal(app, environ=https, Host="example.com", Origin="http://example.com")
    assert "X-Forwarded-Proto" in reason
    _, reason = refusal(app, environ=https, Host="example.com", Origin="http://evil.example")
    assert "X-Forwarded-Proto" not in reason


@pytest.mark.parametrize("method", ["POST", "HEAD", "OPTIONS"])
def test_handshake_is_a_get(method):
    """A handshake with another method is refused."""
    with pytest.raises(Refusal, match=f"not a {method}"):
        check_headers(method, create_environ(headers=HEADERS))


def test_handshake_names_its_host():
    """A handshake without Host is refused: HTTP/1.1 requires it, and the origin is compared with
    it."""
    with pytest.raises(Refusal, match="Host is missing"):
        check_headers("GET", create_environ(headers={**HEADERS, "Host": ""}))


@pytest.mark.parametrize("query", ["", "socket_connection_id=short", "socket_connection_id=%00"])
def test_handshake_without_a_page_is_refused(app, query):
    """The reason says where the page has its id."""
    status, reason = refusal(app, query)

    assert status == 400
    assert "data-socket-connection-id" in reason


def test_handshake_without_a_session_is_refused(app):
    """A page's id without the session's cookie opens no socket. The reason names the settings by
    which a browser keeps no cookie."""
    status, reason = refusal(app, key=None)

    assert status == 403
    assert "SESSION_COOKIE_DOMAIN, SESSION_COOKIE_PATH and SESSION_COOKIE_SECURE" in reason


def test_handshake_with_a_cookie_of_another_key_is_refused(app):
    """A cookie that was signed with another SECRET_KEY opens no socket. The reason names that
    setting."""
    status, reason = refusal(app, key=None, Cookie="session=of.another.key")

    assert status == 403
    assert "Is the SECRET_KEY the same in all processes" in reason


def test_handshake_on_a_server_that_hands_over_no_socket_is_refused(app):
    """The reason names servers that work."""
    status, reason = refusal(app, environ={"wsgi.multithread": False})

    assert status == 501
    assert "gunicorn -k gevent" in reason


def test_refusal_is_an_answer_and_a_line_in_the_log(app, caplog):
    """The reason is in the response for the client's developer, and in the log for the server's
    operator."""
    with app.test_request_context(environ_overrides={"REMOTE_ADDR": "192.0.2.1"}):
        answer = refuse(Refusal(503, "Come back.", {"Retry-After": "1"}))

    assert answer.status_code == 503
    assert answer.get_data(as_text=True) == "Come back.\n"
    assert answer.headers["Retry-After"] == "1"
    assert "192.0.2.1 refused (503): Come back." in caplog.text


def test_refusal_shows_a_part_of_what_a_stranger_wrote(app):
    """A refused header of 8 KB is cut in the log."""
    written = "http://" + "\xff" * 8000

    _, reason = refusal(app, Origin=written)

    assert "REALTIME_ALLOWED_ORIGINS" in reason
    assert len(reason) < 1000


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("", "an unknown address"),
        (None, "an unknown address"),
        ("1.2.3.4\nERROR all is lost", "1.2.3.4\\nERROR all is lost"),
        ("\x1b[31m\u202e", "\\x1b[31m\\u202e"),
        ("9" * 8000, "9" * SHOWN),
    ],
)
def test_address_begins_no_line_of_its_own_in_the_log(app, caplog, address, shown):
    """A client's forged address with control characters is escaped in the log."""
    environ = {"REMOTE_ADDR": address} if address is not None else {}
    with app.test_request_context(headers=HEADERS, environ_overrides=environ) as context:
        if address is None:
            context.request.environ.pop("REMOTE_ADDR", None)
        context.request.remote_addr = address
        refuse(Refusal(503, "Come back."))

        assert Handshake(context.request, None, PAGE, "a key").address == shown
    assert f"Handshake from {shown} refused" in caplog.text
    assert printable(address) == shown
