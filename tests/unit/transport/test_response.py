"""The response to a handshake, whose iteration is the socket's life."""

import math
import threading

import pytest
from cachelib import SimpleCache
from flask import Response, session
from flask_session import Session
from werkzeug.test import create_environ

from flask_realtime.connection.connection import Connection
from flask_realtime.node import node
from flask_realtime.threads import clock
from tests.eventually import DEADLINE, eventually

from .served import Line, Served
from .test_handshake import HEADERS


class OwnResponse(Response):
    """A response class of the app's own."""


@pytest.mark.parametrize("response_class", [Response, OwnResponse])
def test_socket_lives_in_the_iteration_of_the_response(response_class):
    """The 101 is written after the request's contexts have ended, and at the end the fd is shut
    down."""
    served, before = Served(response_class), []
    with Line() as line:
        served.app.teardown_request(lambda error: before.append(line.has_received()))
        page = served.show()
        before.clear()
        line.say_goodbye()

        answer = served.handshake(page, line.ours)

        assert answer.status_code == 101
        assert before == [False]
        head, _, rest = line.read_to_end().partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 Switching Protocols")
        assert rest == b"\x88\x02\x03\xe9"
        assert served.node.connections() == []


def test_session_of_a_handshake_sets_no_cookie():
    """A handshake sets no session cookie, which could undo what HTTP has changed meanwhile."""
    served = Served(SESSION_REFRESH_EACH_REQUEST=True)
    with Line() as line:
        page = served.show()
        line.say_goodbye()

        answer = served.handshake(page, line.ours)

        assert "Set-Cookie" not in answer.headers


def test_answer_that_the_app_has_changed_is_no_socket():
    """An ``after_request`` function replaces the response to refuse the handshake. Its response is
    sent unchanged."""
    served = Served()

    @served.app.after_request
    def refuse(response):
        if response.status_code == 101:
            response.status_code = 403
            response.set_data("Not now.")
        return response

    with Line() as line:
        answer = served.handshake(served.show(), line.ours)

        assert (answer.status_code, answer.get_data(as_text=True)) == (403, "Not now.")
        assert not line.has_received()


def test_refused_admission_is_a_plain_answer(caplog):
    """A process that stops answers 503 with the reason and Retry-After, which no cache keeps, and
    leaves the fd to the server."""
    served = Served()
    page = served.show()
    served.realtime.drain(0)
    with Line() as line, served.app.app_context():
        answer = served.handshake(page, line.ours)

        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "1"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "stopping" in answer.get_data(as_text=True)
        assert not line.has_received()
        line.ours.send(b"still open")


def life(served, sock, start_response=lambda status, headers: None):
    """Return what the app gives its server for a handshake on *sock*, and the request's environ."""
    cookie = served.client.get("/page").headers["Set-Cookie"].partition(";")[0]
    environ = create_environ(
        "/",
        query_string=f"socket_connection_id={served.show()}",
        headers={**HEADERS, "Host": "localhost", "Cookie": cookie},
    )
    environ |= {"werkzeug.socket": sock, "wsgi.multithread": True}
    return served.app(environ, start_response), environ


@pytest.mark.usefixtures("short_goodbyes")
def test_socket_that_its_server_never_begins_is_forgotten():
    """The server fails before it iterates the response. No connection remains."""
    served = Served()
    with Line() as line:
        begun, _ = life(served, line.ours)
        while_open = len(served.node.connections())

        begun.close()
        begun.close()

        assert while_open == 1
        assert served.node.connections() == []


@pytest.mark.usefixtures("short_goodbyes")
def test_socket_whose_start_a_middleware_refuses_is_forgotten():
    """A middleware around the app raises an exception at the status 101. No connection remains, and
    the peer is told of no socket."""

    def refuse(status, headers):
        raise ValueError(f"{status} has no Content-Type.")

    served = Served()
    with Line() as line:
        with pytest.raises(ValueError, match="101"):
            life(served, line.ours, refuse)

        assert served.node.connections() == []
        assert line.read_to_end() == b""


@pytest.mark.usefixtures("short_goodbyes")
def test_socket_that_a_middleware_drops_is_forgotten(monkeypatch):
    """A middleware around the app fails once the app has answered, and closes no response. The
    socket's place is given back soon."""
    monkeypatch.setattr(node, "ABANDONED_SECONDS", 0.01)
    served = Served()
    with Line() as line:
        dropped, _ = life(served, line.ours)
        while_open = len(served.node.connections())

        del dropped

        assert while_open == 1
        eventually(lambda: served.node.connections() == [])
        assert line.read_to_end() == b""


@pytest.mark.usefixtures("short_goodbyes")
def test_leave_hook_of_a_dropped_socket_holds_up_no_other(monkeypatch):
    """A middleware drops two sockets. The app's leave hook waits until it has been called for both:
    what it waits for keeps nobody else waiting, nor what a process does at intervals."""
    monkeypatch.setattr(node, "ABANDONED_SECONDS", 0.01)
    served, leaving = Served(), threading.Barrier(2)
    served.realtime.on_leave(lambda: leaving.wait(DEADLINE))
    with Line() as line, Line() as other:
        for one in (line, other):
            life(served, one.ours)
            served.client.delete_cookie("session")

        eventually(lambda: served.node.connections() == [])

        assert not leaving.broken


@pytest.mark.usefixtures("short_goodbyes")
def test_environ_keeps_no_request():
    """The server keeps the environ while the socket lives, so Werkzeug's request is removed from
    it."""
    with Line() as line:
        begun, environ = life(Served(), line.ours)
        begun.close()

    assert environ.get("werkzeug.request") is None


@pytest.mark.usefixtures("short_goodbyes")
@pytest.mark.parametrize("is_kept_by_server", [True, False])
def test_environ_keeps_nothing_of_the_session(is_kept_by_server):
    """The app tells who its user is by a value within the session, beside which it keeps a cart:
    with Flask-Session each socket held all of it for as long as it lived."""
    served = Served()
    if is_kept_by_server:
        served.app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=SimpleCache())
        Session(served.app)
    served.realtime.identify(lambda: session["user"]["id"])
    stored = {"user": {"id": 42}, "cart": ["a towel"], "_permanent": True}
    served.app.add_url_rule("/in", "in", lambda: session.update(stored) or "")
    served.client.get("/in")
    with Line() as line:
        begun, environ = life(served, line.ours)
        begun.close()

    assert "a towel" not in repr(environ)


@pytest.mark.parametrize(("user", "seconds"), [("ada", 40), (None, math.inf)])
def test_socket_of_a_user_knows_when_the_session_ends_that_it_came_with(monkeypatch, user, seconds):
    """A user has logged in a minute ago, for 100 seconds. The socket ends with the session; that of
    a stranger hears what strangers hear."""
    served, lived = Served(PERMANENT_SESSION_LIFETIME=100), []
    served.realtime.identify(lambda: session.get("user"))
    served.app.add_url_rule("/in", "in", lambda: session.update(user=user) or "")
    served.client.get("/in")
    page, now = served.show(), clock.now()
    monkeypatch.setattr("time.time", lambda: now + 60)

    def note(connection, read, live=Connection.live):
        lived.append(connection)
        live(connection, read)

    monkeypatch.setattr(Connection, "live", note)

    with Line() as line:
        line.say_goodbye()
        assert served.handshake(page, line.ours).status_code == 101

    (connection,) = lived
    left = connection.session_ends_at - connection.opened_at
    assert left == pytest.approx(seconds, abs=2)
