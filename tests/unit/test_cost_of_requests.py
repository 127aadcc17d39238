"""What the extension costs an app at each request: little, if the request does not use it.

Counted in calls of Python's functions, since times differ from machine to machine.
"""

import contextlib
import gc
import logging
import socket
import subprocess
import sys
import threading
import weakref
from collections import Counter

import flask
import pytest
from werkzeug.test import EnvironBuilder

from flask_realtime import Realtime
from flask_realtime.connection.connection import Connection
from flask_realtime.writing.fd import PlainDescriptor
from tests.eventually import DEADLINE, eventually
from tests.frames import client_frame
from tests.unit.conversations import HANDSHAKE, ORIGIN, Browser

#: How many more function calls than without the extension a request may make, by path.
MOST = {"/json": 66, "/page": 495}
#: How many more function calls a call or a message over a socket may make than the same request by
#: HTTP.
MOST_OF_MESSAGE = 120
#: How many functions of the package a handshake may call, from the request to the wait for the
#: first message.
MOST_OF_HANDSHAKE = 230

MESSAGES = {
    "ping": b'{"id": "1", "action": "ping"}',
    "call": b'{"id": "1", "action": "call-route", "uri": "/json"}',
    "closed route": b'{"id": "1", "action": "call-route", "uri": "/page"}',
    "failing view": b'{"id": "1", "action": "call-route", "uri": "/broken"}',
    "failing answer to that": b'{"id": "1", "action": "call-route", "uri": "/worse"}',
    "failing handler": b'{"id": "1", "action": "break"}',
    "no handler": b'{"id": "1", "action": "nothing"}',
}


def make_app():
    app = flask.Flask("app")
    app.secret_key = "secret"
    app.add_url_rule("/json", "json", lambda: {"some": "json"})
    app.add_url_rule("/page", "page", lambda: "<!doctype html><title>x</title><body>hi</body>")
    return app


@contextlib.contextmanager
def profiling(note):
    """Have *note* told of each call, but of none that the collector makes: other tests leave behind
    what is called when it comes."""
    before = sys.getprofile()
    gc.collect()
    gc.disable()
    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(before)
        gc.enable()


def calls(function):
    """Return how often *function* calls each Python function, by name.

    Not those of ``inspect``, by which Flask tells coroutines: each Python has other ones.
    """
    found = Counter()

    def note(frame, event, _argument):
        if event == "call" and frame.f_globals.get("__name__") != "inspect":
            found[frame.f_code.co_name] += 1

    with profiling(note):
        function()
    return found


class Left:
    """An object that only the collector frees, and that calls a function then."""

    def __init__(self):
        self.itself = self

    def __del__(self):
        pass


def test_what_the_collector_calls_is_not_counted():
    """Earlier tests have left objects behind, and the collector comes while calls are counted."""
    left = [Left() for _ in range(1000)]
    del left

    found = calls(lambda: [[] for _ in range(100_000)])

    assert found["__del__"] == 0


def calls_of_request(app, path, **headers):
    def ask():
        environ = EnvironBuilder(path, headers=headers).get_environ()
        b"".join(app.wsgi_app(environ, lambda status, headers, error=None: None))

    # What is created once exists by now.
    ask()
    ask()
    return calls(ask)


@pytest.mark.parametrize("path", MOST)
def test_request_that_asks_nothing_of_the_extension_costs_little(path):
    """A JSON response, or a page of an app with default settings, costs few function calls more."""
    app = make_app()
    plain = calls_of_request(app, path)
    Realtime(app := make_app())

    more = calls_of_request(app, path) - plain

    assert 0 < more.total() <= MOST[path], more


def test_request_that_asks_nothing_looks_up_no_proxy():
    """Such a request does not use ``flask.request``, which looks up the context at each use."""
    app = make_app()
    plain = calls_of_request(app, "/json")
    Realtime(app := make_app())

    more = calls_of_request(app, "/json") - plain

    # Flask itself looks it up for a url_value_preprocessor.
    assert more["_get_current_object"] <= 2


def test_extension_has_one_hook_of_each_kind_that_every_request_needs():
    """The extension registers one function for each kind of Flask hook, since Flask calls all of
    them at each request."""
    Realtime(app := make_app())
    found = [
        function
        for kind in (
            app.url_value_preprocessors,
            app.before_request_funcs,
            app.after_request_funcs,
            app.teardown_request_funcs,
            {None: app.teardown_appcontext_funcs},
        )
        for functions in kind.values()
        for function in functions
    ]

    assert len(found) == 2


@pytest.mark.parametrize(
    "ask",
    [lambda socket: socket.call("/json"), lambda socket: socket.say("do", data=1)],
    ids=["call", "message"],
)
def test_call_costs_little_more_than_the_same_request_by_http(ask):
    """A call adds the reading of its message, its environ and its reply."""
    Realtime(app := make_app())
    browser = Browser(app)
    socket = browser.open_socket({"do": lambda data: {"some": "json"}})
    ask(socket)
    by_http = calls_of_request(app, "/json", Cookie=browser.cookies())

    more = calls(lambda: ask(socket)) - by_http

    assert 0 < more.total() <= MOST_OF_MESSAGE, more
    assert more["_get_current_object"] == 0


def test_handshake_costs_few_functions_of_the_package(monkeypatch):
    """A page opens its socket. Of the package few functions are called, since a restart brings
    thousands of pages back at once."""
    realtime = Realtime(app := make_app())
    app.add_url_rule("/room", "room", lambda: realtime.socket.subscribe("room") or "<body>")
    ours = Counter()

    def note(frame, event, _argument):
        module = frame.f_globals.get("__name__", "")
        if event == "call" and module.startswith("flask_realtime."):
            ours[f"{module}: {frame.f_code.co_name}"] += 1

    def wait(*_size):
        sys.setprofile(None)
        return b""

    monkeypatch.setattr(PlainDescriptor, "receive", wait)
    for _ in range(3):
        # What is created once exists at the last.
        ours.clear()
        environ = environ_of_handshake(app)
        server, peer = socket.socketpair()
        with server, peer:
            environ["werkzeug.socket"] = server
            with profiling(note):
                list(app.wsgi_app(environ, lambda status, headers, error=None: None))
            assert b" 101 " in peer.recv(100)

    assert 0 < ours.total() <= MOST_OF_HANDSHAKE, ours


@pytest.mark.parametrize(
    "sent",
    [b"", client_frame(b"\x03\xe8", 0x88), *map(client_frame, MESSAGES.values())],
    ids=["nothing", "close frame", *MESSAGES],
)
@pytest.mark.parametrize("is_logged_out", [False, True])
def test_ended_socket_does_not_wait_for_the_garbage_collector(sent, is_logged_out, monkeypatch):
    """A page opens its socket, says something or nothing, and leaves. What the process held of the
    socket, 20 KB with its headers, is free at once: the collector may take minutes to come, and
    takes the longer for each such socket. The same holds if the page is turned away at once."""
    realtime = Realtime(app := make_app())
    app.add_url_rule("/room", "room", lambda: realtime.socket.subscribe("room") or "<body>")
    for path in ("/broken", "/worse"):
        app.add_url_rule(path, path, realtime.allow_calls(lambda: 1 / 0))
    app.register_error_handler(500, lambda error: (str(1 / (flask.request.path != "/worse")), 500))
    realtime.allow_calls(app.view_functions["json"])
    realtime.handler("break")(lambda data: 1 / 0)
    ended = []

    def note(connection, read, live=Connection.live):
        ended.append(weakref.ref(connection))
        live(connection, read)

    monkeypatch.setattr(Connection, "live", note)
    environ = environ_of_handshake(app)
    if is_logged_out:
        admission = app.extensions["realtime"].node()._admission
        monkeypatch.setattr(admission, "_has_ended", lambda session: True)
    server, peer = socket.socketpair()
    gc.collect()
    gc.disable()
    # What pytest keeps of the log has the errors, and they have the frames that they went through.
    # Loggers remember whether they are enabled, and only this function has them forget it.
    logging.disable(logging.CRITICAL)
    try:
        with server:
            environ["werkzeug.socket"] = server
            leaving = threading.Thread(target=leave, args=(peer, sent))
            leaving.start()
            list(app.wsgi_app(environ, lambda status, headers, error=None: None))
        leaving.join(DEADLINE)
        # The thread that has answered the call lets go of it a moment later.
        eventually(lambda: [one() for one in ended] == [None])
    finally:
        logging.disable(logging.NOTSET)
        gc.enable()
        peer.close()


def leave(peer, sent):
    """Send what a page says, and leave once a call has been answered, or the server has closed."""
    peer.settimeout(DEADLINE)
    peer.sendall(sent)
    seen = b""
    while b'"id"' in sent and b'"id"' not in seen and (more := peer.recv(4096)):
        seen += more
    peer.shutdown(socket.SHUT_WR)


def environ_of_handshake(app):
    """Return the environ with which the page of a new visitor opens its socket."""
    client = app.test_client()
    page = client.get("/room", base_url=ORIGIN)
    _, _, after = page.text.partition('socket-connection-id="')
    cookie = client.get_cookie("session")
    headers = {**HANDSHAKE, "Cookie": f"session={cookie.value}"}
    query = {"socket_connection_id": after.partition('"')[0]}
    builder = EnvironBuilder("/", ORIGIN, query_string=query, headers=headers, multithread=True)
    return builder.get_environ()


def test_import_brings_in_nothing_that_few_apps_need():
    """Importing the package does not import these modules, each of which takes as long as ten
    modules of the package."""
    code = "import sys, flask_realtime; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    few = {"ctypes", "flask_login", "redis", "sqlalchemy", "statistics"}
    assert few.isdisjoint(done.stdout.split())
