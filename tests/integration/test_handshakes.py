"""Which handshakes are accepted, which are refused, and with which message."""

import json

import pytest
import requests
from websockets.exceptions import InvalidStatus

from ..eventually import DEADLINE, eventually
from .browsers import Browser
from .conftest import ON_TWO_SERVERS
from .serving import ServerProcess
from .shaking import shake


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
@ON_TWO_SERVERS
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
@ON_TWO_SERVERS
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


@ON_TWO_SERVERS
def test_handshake_with_a_tampered_session_is_refused(server, browser, channel):
    """A cookie that the app did not sign opens no socket."""
    page = browser.page(f"/on/{channel}")
    forged = browser.cookies()[:-3] + "abc"

    status, *_ = shake(server, browser, f"/?socket_connection_id={page}", Cookie=forged)

    assert status == 403


@ON_TWO_SERVERS
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


@pytest.mark.parametrize("method", ["HEAD", "POST", "OPTIONS", "PUT", "CONNECT"])
def test_handshake_by_another_method_is_refused(server, browser, channel, method):
    """A handshake with another method than GET is refused, no view of the app runs, and no server
    fails."""
    page = browser.page(f"/on/{channel}")

    status, _, body = shake(server, browser, f"/?socket_connection_id={page}", method)

    assert status == 400
    assert method in body or method == "HEAD"


@pytest.mark.parametrize(
    "headers",
    [
        {"Connection": "keep-alive, Upgrade"},
        {"Connection": "upgrade", "Upgrade": "WebSocket"},
    ],
)
def test_handshake_is_one_however_its_headers_are_written(server, browser, channel, headers):
    """Firefox sends "keep-alive, Upgrade", and proxies change the case of headers. The handshake is
    accepted."""
    page = browser.page(f"/on/{channel}")

    status, *_ = shake(server, browser, f"/?socket_connection_id={page}", **headers)

    assert status == 101


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


@pytest.mark.parametrize(
    "lost",
    [
        {"Upgrade": "close"},
        {"Connection": "close"},
        {"Connection": "keep-alive"},
        {"Upgrade": "websocket, h2c"},
        {"Upgrade": "h2c", "Sec-WebSocket-Key": ""},
        {"Upgrade": "", "Connection": "", "Sec-WebSocket-Key": "", "Sec-WebSocket-Version": ""},
    ],
)
def test_handshake_that_a_proxy_has_made_a_plain_request_subscribes_nobody(server, lost):
    """A proxy has dropped Upgrade, so the request looks like a GET of the page. The client gets
    426, and the log names the cause."""
    browser = Browser(server.url)

    status, _, body = shake(
        server, browser, "/?socket_connection_id=an-id-of-this-page&resume=1", **lost
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
