"""The extension in apps with more: a database, other sockets, a prefix, a proxy, a reloader."""

import pytest
import requests
import werkzeug.routing.exceptions
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from ..eventually import DEADLINE, eventually
from .browsers import Browser
from .conftest import unexpected_tracebacks
from .serving import ServerProcess


@pytest.mark.parametrize("kind", ["gevent", "gthread"])
def test_open_sockets_hold_no_database_connection(kind, settings, tmp_path):
    """A pool of five database connections serves 50 open sockets, since each call returns what it
    used."""
    options = ("--threads", "60") if kind == "gthread" else ()
    environ = settings("memory", MAX_CONNECTIONS_PER_SESSION=60)
    environ["DATABASE"] = str(tmp_path / "users.sqlite")
    with ServerProcess(kind, "database:app", options=options, **environ) as server:
        browser = Browser(server.url)
        page = browser.page("/on/users")
        sockets = [browser.open(page) for _ in range(50)]

        ids = [(socket, socket.send("whoami")) for socket in sockets]
        names = {socket.reply(message_id)["body"] for socket, message_id in ids}
        pages = {browser.get("/user").text for _ in range(20)}
        called = sockets[0].call("/user")["body"]

        assert names == pages == {called} == {"Ada"}
        assert browser.get("/pool").text == "1"
        assert all(socket.payloads(21) == ["Ada"] * 21 for socket in sockets)
        for socket in sockets:
            socket.close()
        assert unexpected_tracebacks(server.log()) == []


@pytest.fixture(scope="module", params=["gevent", "gthread", "pywsgi", "dev"])
def mounted(request):
    is_gunicorn = request.param in ("gevent", "gthread")
    # flask-sock closes no socket when a worker stops.
    options = ("--graceful-timeout", "1") if is_gunicorn else ()
    with ServerProcess(request.param, "mounted:app", options=options) as server:
        yield server
        assert unexpected_tracebacks(server.log()) == []


def test_sockets_of_the_apps_own_keep_their_options(mounted):
    """SOCK_SERVER_OPTIONS apply to the app's own flask-sock routes, and not to the extension's
    sockets."""
    browser = Browser(mounted.url + "/shop")
    page = browser.page("/on/room")
    address = mounted.url.replace("http", "ws") + "/shop/echo"

    with connect(address, subprotocols=["tests"], close_timeout=1) as echo:
        echo.send("short")
        answer = echo.recv(timeout=DEADLINE)
        echo.send("far longer than ten characters")
        # flask-sock closes, but not every server then ends the connection.
        with pytest.raises((ConnectionClosed, TimeoutError)):
            echo.recv(timeout=1)
    with browser.open(page) as socket:
        pong = socket.ask("ping", padding="far longer than ten characters")

    assert (answer, echo.subprotocol, pong["body"]) == ("short", "tests", "pong")


def test_socket_of_a_mounted_app_is_below_its_prefix(mounted):
    """In an app below a prefix, the script, the socket and calls are below that prefix too. A call
    of another path is told so, whatever its size."""
    browser = Browser(mounted.url + "/shop")
    html = browser.get("/on/room").text
    with browser.open(browser.page("/on/room")) as socket:
        inside = socket.call("/shop/url")
        outside = [
            socket.call("/url", method="post", input={"text": "a" * size})
            for size in (10, 2_000, 20_000)
        ]

    assert 'data-prefix="/shop"' in html
    assert 'src="/shop/_realtime/static/realtime.js?v=' in html
    assert inside["body"] == {"root": "/shop", "url": mounted.url + "/shop/url"}
    assert [(one["status"], "refused" in one) for one in outside] == [(404, False)] * 3


def test_plain_request_meets_the_view_at_the_same_path(mounted):
    """An ordinary view may have the same path as the socket."""
    response = requests.get(mounted.url + "/shop/", timeout=DEADLINE)

    assert response.text == "the view at the socket's path"


@pytest.mark.parametrize(
    ("origin", "is_accepted"),
    [
        ("https://shop.example", True),
        ("http://shop.example", False),
        ("https://evil.example", False),
    ],
)
def test_origin_is_compared_with_what_the_proxy_saw(mounted, origin, is_accepted):
    """Behind a proxy with ProxyFix the Origin is compared with the public host and scheme."""
    browser = Browser(mounted.url + "/shop")
    page = browser.page("/on/room")
    headers = {
        "Cookie": browser.cookies(),
        "X-Forwarded-Host": "shop.example",
        "X-Forwarded-Proto": "https",
    }
    address = f"{mounted.url}/shop/?socket_connection_id={page}".replace("http", "ws", 1)

    try:
        with connect(address, origin=origin, additional_headers=headers):
            status = 101
    except InvalidStatus as refused:
        status = refused.response.status_code

    assert status == (101 if is_accepted else 403)


@pytest.mark.skipif(
    hasattr(werkzeug.routing.exceptions, "DuplicateRuleError"), reason="Werkzeug refuses it earlier"
)
def test_another_socket_route_at_the_same_path_is_refused():
    """An app with another WebSocket route at the extension's path fails at its first request, with
    both named in the error."""
    with ServerProcess("gevent", "mounted:app", CONFLICT="1") as server:
        assert requests.get(server.url + "/shop/on/room", timeout=DEADLINE).status_code == 500

        log = server.log()
        assert "REALTIME_PATH is '/'" in log
        assert "'conflict'" in log


RELOADED = """
from flask import Flask
from flask_realtime import Realtime

app = Flask(__name__)
app.secret_key = "a secret of the tests"
realtime = Realtime(app)

@app.get("/on/<channel>")
def on(channel):
    realtime.socket.subscribe(channel)
    return "<body>before</body>"

@app.post("/push")
def push():
    realtime.push("hi", "room")
    return ""
"""


def test_reloader_of_the_development_server_starts_anew(tmp_path):
    """When a source file is saved, the development server closes all sockets, and the new process
    serves pages."""
    source = tmp_path / "reloaded.py"
    source.write_text(RELOADED)
    with ServerProcess("dev-debug", "reloaded:app", folder=tmp_path) as server:
        browser = Browser(server.url)
        eventually(lambda: "Debugger PIN" in server.log() or "Debugger is active" in server.log())
        socket = browser.open(browser.page("/on/room"))
        # The new text has another length: Python takes bytecode for current if second and size
        # match.
        source.write_text(RELOADED.replace("before", "afterwards"))

        socket.close_code()
        eventually(lambda: is_reloaded(browser), explain=server.log)
        with browser.open(browser.page("/on/room")) as again:
            browser.post("/push")

            assert again.payloads(1) == ["hi"]
        assert unexpected_tracebacks(server.log()) == []


def is_reloaded(browser):
    try:
        return "afterwards" in browser.get("/on/room").text
    except requests.ConnectionError:
        return False


CLASSES = """
from flask import Flask, Request, Response, request
from flask_realtime import Realtime

class OwnRequest(Request):
    pass

class OwnResponse(Response):
    default_mimetype = "application/vnd.own+json"

app = Flask(__name__)
app.secret_key = "a secret of the tests"
app.request_class, app.response_class = OwnRequest, OwnResponse
realtime = Realtime(app)

@app.get("/on/<channel>")
def on(channel):
    realtime.socket.subscribe(channel)
    return "<body>", {"Content-Type": "text/html"}

@app.get("/kind")
@realtime.allow_calls
def kind():
    return type(request._get_current_object()).__name__

closed = []

@app.after_request
def look_at(response):
    if request.endpoint == "realtime.socket":
        response.call_on_close(lambda: closed.append("handshake"))
        if "refuse" in request.args:
            response.status_code = 402
    return response

@app.get("/closed")
def show_closed():
    return closed
"""


@pytest.mark.parametrize("kind", ["gevent", "dev"])
def test_socket_opens_in_an_app_with_classes_of_its_own(kind, tmp_path):
    """A handshake works in an app with a response_class of its own, to which Flask converts every
    other response."""
    (tmp_path / "classes.py").write_text(CLASSES)
    with ServerProcess(kind, "classes:app", folder=tmp_path) as server:
        browser = Browser(server.url)
        with browser.open(browser.page("/on/room")) as socket:
            reply = socket.call("/kind")

        assert reply["body"] == "OwnRequest"
        assert reply["headers"]["Content-Type"] == "application/vnd.own+json"


def test_after_request_has_its_way_with_a_handshake(tmp_path):
    """An after_request function may refuse a handshake, and call_on_close functions run at once."""
    (tmp_path / "classes.py").write_text(CLASSES)
    with ServerProcess("gevent", "classes:app", folder=tmp_path) as server:
        browser = Browser(server.url)
        page = browser.page("/on/room")
        with browser.open(page):
            closed = browser.get("/closed").json()
        with pytest.raises(InvalidStatus) as refused:
            browser.open(f"{page}&refuse=1")

        assert closed == ["handshake"]
        assert refused.value.response.status_code == 402


@pytest.mark.parametrize("kind", ["gevent", "gthread", "pywsgi", "dev"])
def test_async_handler_may_push(kind):
    """Handlers and views may be async functions."""
    with ServerProcess(kind, "asynchronous:app") as server:
        browser = Browser(server.url)
        with browser.open(browser.page("/on/room")) as socket:
            reply = socket.ask("alone")

            assert reply["body"] == "done"
            assert socket.payloads(1) == ["from an async handler"]


@pytest.mark.parametrize("kind", ["gthread", "dev"])
def test_async_handlers_run_side_by_side_on_threads(kind):
    """Two async functions on two sockets can wait for each other."""
    with ServerProcess(kind, "asynchronous:app") as server:
        browser = Browser(server.url)
        page = browser.page("/on/room")
        with browser.open(page) as one, browser.open(browser.page("/on/room")) as another:
            asked = one.send("meet")
            called = another.call("/meet")

            assert called["body"] == one.reply(asked)["body"] == {"met": True}
