"""Which sockets are opened, which are refused, and with what words."""

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
    """Send a handshake by hand; returns the head and the body of the answer."""
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
    """The page's own id with the page's own session opens a socket."""
    page = browser.page(f"/on/{channel}")

    status, head, _ = shake(server, browser, f"/?socket_connection_id={page}")

    assert status == 101
    assert "sec-websocket-accept" in head.lower()


def test_socket_has_its_line_in_the_access_log(server, browser, channel):
    """As any request does: with 101, once it has ended."""
    page = browser.page(f"/on/{channel}")
    browser.open(page).close()

    eventually(lambda: [one for one in server.log().splitlines() if page in one and "101" in one])


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "https://127.0.0.1.evil.example"]
)
def test_handshake_of_a_foreign_origin_is_refused(server, browser, channel, origin):
    """No other site opens sockets with a visitor's session: 403, and no upgrade."""
    page = browser.page(f"/on/{channel}")

    status, head, body = shake(server, browser, f"/?socket_connection_id={page}", Origin=origin)

    assert status == 403
    assert "upgrade: websocket" not in head.lower()
    assert "REALTIME_ALLOWED_ORIGINS" in body


def test_handshake_of_the_own_origin_is_accepted(server, browser, channel):
    """The page's own origin is the one that may."""
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
    """A missing or malformed connection id is 400, and says where the id stands."""
    browser.page(f"/on/{channel}")

    status, _, body = shake(server, browser, "/" + query)

    assert status == 400
    assert "data-socket-connection-id" in body


def test_handshake_without_a_session_is_refused(server, browser, channel):
    """A connection id alone opens nothing."""
    page = browser.page(f"/on/{channel}")

    status, *_ = shake(server, browser, f"/?socket_connection_id={page}", Cookie="")

    assert status == 403


def test_handshake_with_a_tampered_session_is_refused(server, browser, channel):
    """A cookie that this app did not sign is no session."""
    page = browser.page(f"/on/{channel}")
    forged = browser.cookies()[:-3] + "abc"

    status, *_ = shake(server, browser, f"/?socket_connection_id={page}", Cookie=forged)

    assert status == 403


def test_stolen_id_without_its_session_hears_nothing(server, channel):
    """An id in another session names another client, to which nothing is pushed."""
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
    """What is no handshake of RFC 6455 is refused as plain HTTP, and never a traceback."""
    page = browser.page(f"/on/{channel}")

    found, head, _ = shake(server, browser, f"/?socket_connection_id={page}", **headers)

    assert found == status
    if status == 426:
        assert "sec-websocket-version: 13" in head.lower()


def test_handshake_that_the_app_refuses_is_no_socket(server, browser, channel):
    """A before_request of the app may refuse the handshake, as it may refuse any request."""
    page = browser.page(f"/on/{channel}")
    browser.post("/session/refused/yes")

    status, *_ = shake(server, browser, f"/?socket_connection_id={page}")

    assert status == 401


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST"])
def test_plain_request_to_the_socket_path_meets_the_view_of_the_app(server, method):
    """The app's own view at the path answers as if there were no socket route."""
    response = requests.request(method, server.url + "/")

    assert response.status_code == (405 if method == "POST" else 200)


@pytest.mark.parametrize("kind", ["sync", "gthread-of-one", "gevent_pywsgi", "pywsgi-unpatched"])
def test_server_that_cannot_hold_sockets_says_so(kind, settings, channel):
    """A server that would stand still is refused with the command of one that would not."""
    with ServerProcess(kind, **settings("memory")) as server:
        browser = Browser(server.url)
        page = browser.page(f"/on/{channel}")

        status, _, body = shake(server, browser, f"/?socket_connection_id={page}")

        assert status == 501
        assert "gunicorn -k gevent" in body
        # gevent_pywsgi waits for what is kept alive.
        browser.http.close()


def test_too_many_sockets_are_told_to_come_back(settings, channel):
    """Past the process's limit a socket is refused with 503, past the session's with 429."""
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
    """The page's socket, None while the server has no room for it."""
    try:
        return browser.open(page)
    except InvalidStatus:
        return None


def test_socket_has_a_path_of_its_own_and_takes_listed_origins(settings, channel):
    """REALTIME_PATH answers plain requests with 426, and REALTIME_ALLOWED_ORIGINS says whose pages
    may connect besides the app's own."""
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
    """Memory would reach a part of the pages: without a word of the settings' it is Redis at its
    default address, and where there is none, an error that names it."""
    environ = {"REALTIME_REDIS_PREFIX": json.dumps(channel)}
    with ServerProcess("gevent", workers=2, **environ) as server:
        page = Browser(server.url).page("/")
        subscribed = requests.get(f"{server.url}/on/{channel}", timeout=DEADLINE)

        assert page
        if subscribed.status_code == 500:
            assert "Redis at redis://localhost:6379/0 (REALTIME_REDIS)" in server.log()
        else:
            assert Browser(server.url).get("/health").json()["registry"] == "redis"
