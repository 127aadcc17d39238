"""Which handshakes are accepted, which are refused, and with which message."""

import base64
import json
import os
import socket as sockets

import pytest
import requests
from websockets.exceptions import InvalidStatus

from ..eventually import DEADLINE, eventually
from .browsers import Browser
from .serving import ServerProcess

GOOD = {
    "Host": "127.0.0.1",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
}


def shake(server, browser, path, **headers):
    """Send a handshake; return the status, the head and the body of the answer.

    :param headers: take the place of the usual ones; an empty one is left out.
    """
    sent = {**GOOD, "Host": f"127.0.0.1:{server.port}", "Cookie": browser.cookies(), **headers}
    lines = [f"GET {path} HTTP/1.1"] + [f"{key}: {value}" for key, value in sent.items() if value]
    with sockets.create_connection(("127.0.0.1", server.port), 10) as connection:
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += connection.recv(65536)
        head, _, body = answer.partition(b"\r\n\r\n")
        length = [line for line in head.lower().split(b"\r\n") if b"content-length" in line]
        while length and len(body) < int(length[0].split(b":")[1]):
            body += connection.recv(65536)
    return int(head.split()[1]), head.decode(), body.decode(errors="replace")


def test_handshake_of_a_page_is_accepted(server, browser, channel):
    """A page's connection id and its session's cookie open a socket."""
    page = browser.page(f"/on/{channel}")

    status, head, _ = shake(server, browser, f"/?socket_connection_id={page}")

    assert status == 101
    assert "sec-websocket-accept" in head.lower()


def test_socket_has_its_line_in_the_access_log(server, browser, channel):
    """A socket that has ended has a line with 101 in the access log."""
    page = browser.page(f"/on/{channel}")
    browser.open(page).close()

    eventually(lambda: [one for one in server.log().splitlines() if page in one and "101" in one])


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "https://127.0.0.1.evil.example"]
)
def test_handshake_of_a_foreign_origin_is_refused(server, browser, channel, origin):
    """A page of another origin cannot open a socket with a visitor's cookies: the answer is 403."""
    page = browser.page(f"/on/{channel}")

    status, head, body = shake(server, browser, f"/?socket_connection_id={page}", Origin=origin)

    assert status == 403
    assert "upgrade: websocket" not in head.lower()
    assert "REALTIME_ALLOWED_ORIGINS" in body


def test_handshake_of_the_own_origin_is_accepted(server, browser, channel):
    """A page of the app's own origin can open a socket."""
    page = browser.page(f"/on/{channel}")

    status, *_ = shake(server, browser, f"/?socket_connection_id={page}", Origin=server.url)

    assert status == 101


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?socket_connection_id=",
        "?socket_connection_id=short",
        "?socket_connection_id=" + "x" * 129,
        "?socket_connection_id=%00%0a" + "x" * 20,
        "?socket_connection_id=<script>" + "x" * 20,
    ],
)
def test_handshake_without_a_proper_id_is_refused(server, browser, channel, query):
    """A missing or malformed connection id is answered 400, with the name of the attribute that
    holds it."""
    browser.page(f"/on/{channel}")

    status, _, body = shake(server, browser, "/" + query)

    assert status == 400
    assert "data-socket-connection-id" in body


def test_handshake_without_a_session_is_refused(server, browser, channel):
    """A connection id without the session's cookie opens no socket."""
    page = browser.page(f"/on/{channel}")

    status, *_ = shake(server, browser, f"/?socket_connection_id={page}", Cookie="")

    assert status == 403


def test_handshake_with_a_tampered_session_is_refused(server, browser, channel):
    """A cookie that the app did not sign opens no socket."""
    page = browser.page(f"/on/{channel}")
    forged = browser.cookies()[:-3] + "abc"

    status, *_ = shake(server, browser, f"/?socket_connection_id={page}", Cookie=forged)

    assert status == 403


def test_stolen_id_without_its_session_hears_nothing(server, channel):
    """A connection id in another session belongs to another client, and hears nothing of the first
    one."""
    victim, thief = Browser(server.url), Browser(server.url)
    page = victim.page(f"/on/{channel}")
    thief.page("/")
    with thief.open(page) as stolen, victim.open(page) as socket:
        victim.post(f"/push/{channel}", json="secret")
        heard = socket.payloads(1)
        stolen.settle()

        assert heard == ["secret"]
        assert not stolen.kept


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-WebSocket-Version": "8"}, 426),
        ({"Sec-WebSocket-Version": ""}, 426),
        ({"Sec-WebSocket-Key": ""}, 400),
        ({"Sec-WebSocket-Key": "c2hvcnQ="}, 400),
        ({"Sec-WebSocket-Key": "not base64!!"}, 400),
    ],
)
def test_handshake_that_is_malformed_is_refused(server, browser, channel, headers, status):
    """A request that is no handshake by RFC 6455 is answered by plain HTTP, without a traceback."""
    page = browser.page(f"/on/{channel}")

    found, head, _ = shake(server, browser, f"/?socket_connection_id={page}", **headers)

    assert found == status
    if status == 426:
        assert "sec-websocket-version: 13" in head.lower()


def test_handshake_that_the_app_refuses_is_no_socket(server, browser, channel):
    """A before_request function may refuse a handshake as any other request."""
    page = browser.page(f"/on/{channel}")
    browser.post("/session/refused/yes")

    status, *_ = shake(server, browser, f"/?socket_connection_id={page}")

    assert status == 401


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST"])
def test_plain_request_to_the_socket_path_meets_the_view_of_the_app(server, method):
    """The app's own view at the socket's path answers plain requests."""
    response = requests.request(method, server.url + "/")

    assert response.status_code == (405 if method == "POST" else 200)


@pytest.mark.parametrize("kind", ["sync", "gthread-of-one", "gevent_pywsgi", "pywsgi-unpatched"])
def test_server_that_cannot_hold_sockets_says_so(kind, settings, channel):
    """A server that one socket would block answers 501, with the command of one that works."""
    with ServerProcess(kind, **settings("memory")) as server:
        browser = Browser(server.url)
        page = browser.page(f"/on/{channel}")

        status, _, body = shake(server, browser, f"/?socket_connection_id={page}")

        assert status == 501
        assert "gunicorn -k gevent" in body
        # When it stops, gevent_pywsgi waits for connections that are kept alive.
        browser.http.close()


@pytest.mark.parametrize(("kind", "expected"), [("gevent", 101), ("dev", 101), ("pywsgi", 501)])
def test_middleware_that_wraps_the_input_is_told_where_it_hides_the_socket(
    kind, expected, settings, channel
):
    """gevent's server hands over its socket as ``wsgi.input``: without it the handshake is refused
    in words that name the middleware; the other servers do not mind."""
    with ServerProcess(kind, "linted:app", **settings("memory")) as server:
        browser = Browser(server.url)
        page = browser.page(f"/on/{channel}")

        status, _, body = shake(server, browser, f"/?socket_connection_id={page}")

        assert status == expected
        assert status == 101 or "LintMiddleware" in body


@pytest.mark.parametrize("lost", ["Upgrade", "Connection"])
def test_handshake_that_a_proxy_has_made_a_plain_request_subscribes_nobody(server, lost):
    """Without Upgrade it would be a GET of the page, which a client repeats for ever; it is told
    so, and so is whoever reads the log."""
    browser = Browser(server.url)

    status, _, body = shake(
        server, browser, "/?socket_connection_id=an-id-of-this-page&resume=1", **{lost: "close"}
    )

    assert status == 426
    assert "proxy_set_header" in body
    eventually(lambda: "has lost" in server.log())


def test_too_many_sockets_are_told_to_come_back(settings, channel):
    """Beyond the limit of the process a handshake is answered 503, beyond the limit of the session
    429."""
    limits = settings("memory", MAX_CONNECTIONS=5, MAX_CONNECTIONS_PER_SESSION=3)
    with ServerProcess("gevent", **limits) as server:
        one, other = Browser(server.url), Browser(server.url)
        page, another = one.page(f"/on/{channel}"), other.page(f"/on/{channel}")
        open_sockets = [one.open(page) for _ in range(3)]
        with pytest.raises(InvalidStatus) as of_session:
            one.open(page)
        open_sockets += [other.open(another) for _ in range(2)]
        with pytest.raises(InvalidStatus) as of_process:
            other.open(another)
        open_sockets.pop().close()
        again = eventually(lambda: admitted(other, another))

        assert of_session.value.response.status_code == 429
        assert of_process.value.response.status_code == 503
        assert of_process.value.response.headers["Retry-After"]
        for socket in [*open_sockets, again]:
            socket.close()


def admitted(browser, page):
    """Return the page's socket, or None if the server refuses it for now."""
    try:
        return browser.open(page)
    except InvalidStatus:
        return None


def test_socket_has_a_path_of_its_own_and_takes_listed_origins(settings, channel):
    """The path of REALTIME_PATH answers plain requests with 426, and pages of
    REALTIME_ALLOWED_ORIGINS may open sockets there."""
    environ = settings("memory", PATH="/socket", ALLOWED_ORIGINS=["https://pages.example"])
    with ServerProcess("gevent", **environ) as server:
        browser = Browser(server.url)
        path = f"/socket?socket_connection_id={browser.page(f'/on/{channel}')}"
        allowed, *_ = shake(server, browser, path, Origin="https://pages.example")
        other_port, *_ = shake(server, browser, path, Origin="https://pages.example:444")
        plain = [requests.request(method, server.url + "/socket") for method in ("GET", "POST")]

        assert (allowed, other_port) == (101, 403)
        assert [one.status_code for one in plain] == [426, 426]
        assert plain[0].headers["Upgrade"] == "websocket"


def test_several_processes_want_redis_and_say_so(channel):
    """With several workers and no setting the registry is Redis at its default address, and the
    error names that address if nothing is there."""
    environ = {"REALTIME_REDIS_PREFIX": json.dumps(channel)}
    with ServerProcess("gevent", workers=2, **environ) as server:
        page = Browser(server.url).page("/")
        subscribed = requests.get(f"{server.url}/on/{channel}", timeout=DEADLINE)

        assert page
        if subscribed.status_code == 500:
            assert "Redis at redis://localhost:6379/0 (REALTIME_REDIS" in server.log()
        else:
            assert Browser(server.url).get("/health").json()["registry"] == "redis"
