"""Sockets whose sessions the app's store does not hold any more are found and come back."""

import contextlib
import logging
import threading

import pytest
from cachelib import SimpleCache
from flask import g, request, session
from flask_session import Session

from flask_realtime import Realtime
from flask_realtime.node import lost_sessions
from flask_realtime.node.lost_sessions import TURNS
from flask_realtime.protocol.positions import Position

from ...eventually import DEADLINE, eventually
from ..handshakes import Page
from ..sockets import frame
from .nodes import node_of


@pytest.fixture
def node():
    """A node of an app whose server keeps the sessions."""
    realtime = Realtime()
    realtime.identify(lambda: session.get("user"))
    realtime.handler("do")(lambda data: "done")
    begun, gate = threading.Event(), threading.Event()

    @realtime.handler("wait")
    def wait(data):
        begun.set()
        return str(gate.wait(DEADLINE))

    node = node_of(realtime=realtime)
    node.begun, node.gate = begun, gate
    node.app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=SimpleCache())
    Session(node.app)
    return node


def page_of(node, opened, key, user="somebody"):
    """Open a page whose session is in the app's store; ``page.forget()`` deletes it there."""
    store = node.app.session_interface
    kept = store.session_class(
        {"socket_key": key, "user": user}, sid=f"id-of-{key.replace(' ', '-')}"
    )
    name = store._get_store_id(kept.sid)
    store._upsert_session(node.app.permanent_session_lifetime, kept, name)
    page = opened.enter_context(
        Page(
            node,
            socket_key=key,
            identity=user,
            cookie=f"{node.app.config['SESSION_COOKIE_NAME']}={kept.sid}",
        )
    )
    page.forget = lambda: store._delete_session(name)
    return page


def look_at_all(node):
    """Have a look at the session of each socket, and wait until all have looked."""
    for _ in range(TURNS):
        node._lost_sessions.sweep()
    for connection in node.connections():
        connection.jobs.wait_until_idle(None)


@pytest.fixture
def opened():
    with contextlib.ExitStack() as stack:
        yield stack


def test_sockets_that_only_listen_come_back_where_their_session_is_deleted(node, opened):
    """An administrator deletes a session from the store. Both of its sockets are closed (1012),
    though they send nothing, and those of other sessions stay."""
    pages = [page_of(node, opened, key) for key in ("a key", "a key", "another key")]
    look_at_all(node)
    before = [page.connection.is_open for page in pages]

    pages[0].forget()
    look_at_all(node)

    assert before == [True] * 3
    assert [page.connection.is_open for page in pages] == [False, False, True]
    assert [page.receive() for page in pages[:2]] == [1012] * 2


def test_messages_that_wait_are_sent_back_where_their_session_is_deleted(node, opened):
    """A session is deleted while three messages of its socket wait. None of them is handled, and
    the client is told of each to send it again by its next socket."""
    page, gate = page_of(node, opened, "a key"), threading.Event()
    jobs = page.connection.jobs
    page.say("ping")
    page.receive()
    jobs.submit(lambda: gate.wait(DEADLINE))
    for _ in range(3):
        page.say("do")
    eventually(lambda: jobs.pending == 4)

    page.forget()
    gate.set()
    *replies, code = [page.receive() for _ in range(4)]

    assert [one["refused"] for one in replies] == ["reconnect"] * 3
    assert code == 1012


def test_other_sockets_of_the_session_finish_their_message_and_send_others_back(node, opened):
    """A session is deleted while its second socket handles a message and others wait. The first
    socket's message tells that. The message under way is answered, as it is by HTTP, the others are
    to be sent by the next socket, and the page hears nothing of its channels any more."""
    page, other = page_of(node, opened, "a key"), page_of(node, opened, "a key")
    jobs = other.connection.jobs
    for action in ("ping", "wait", "do", "do"):
        other.say(action)
    other.receive()
    eventually(lambda: jobs.pending == 3)
    assert node.begun.wait(DEADLINE)

    page.forget()
    page.say("do")
    told = page.receive(), page.receive()
    eventually(lambda: not other.connection.is_receptive)
    other.say("do")
    late = other.receive()
    other.connection.queue([frame(1)])
    node.gate.set()
    answer, *replies, code = [other.receive() for _ in range(4)]

    assert (told[0]["refused"], told[1]) == ("reconnect", 1012)
    assert (answer["status"], answer["body"]) == (200, "True")
    assert [one["refused"] for one in (late, *replies)] == ["reconnect"] * 3
    assert code == 1012
    assert other.connection.final_sent() == {"room": Position("e", 0, "t0")}


def test_session_is_looked_for_once_for_all_of_its_sockets(node, opened, monkeypatch):
    """A session has three sockets. Its store is read once in all turns together."""
    for _ in range(3):
        page_of(node, opened, "a key")
    looked = []
    interface = type(node.app.session_interface)
    retrieve = interface._retrieve_session_data
    monkeypatch.setattr(
        interface,
        "_retrieve_session_data",
        lambda self, name: looked.append(name) or retrieve(self, name),
    )

    look_at_all(node)

    assert looked == ["session:id-of-a-key"]


def test_session_whose_cookie_is_named_by_the_request_is_looked_for(node, opened, monkeypatch):
    """An app has a cookie for the host of each tenant, and a function of its own that fails at the
    end of what has not begun as a request. A deleted session is found all the same."""
    node.app.config["SESSION_COOKIE_NAME"] = "session-localhost"
    monkeypatch.setattr(
        type(node.app.session_interface),
        "get_cookie_name",
        lambda self, app: f"session-{request.host}",
    )
    node.app.teardown_request(lambda error: g.opened_before_request.close())
    page = page_of(node, opened, "a key")
    look_at_all(node)
    before = page.connection.is_open

    page.forget()
    look_at_all(node)

    assert before
    assert page.receive() == 1012


def test_strangers_and_sessions_in_cookies_are_not_looked_for(node, opened):
    """The page of a stranger stays open, and so does that of a session in a cookie."""
    stranger = page_of(node, opened, "a key", user=None)
    stranger.forget()
    other = node_of()
    in_cookie = opened.enter_context(Page(other, identity="somebody", cookie="session=x"))

    look_at_all(node)
    look_at_all(other)

    assert stranger.connection.is_open
    assert in_cookie.connection.is_open


def test_store_that_is_away_closes_nothing(node, opened, monkeypatch, caplog):
    """The store raises an error, of which the log has a line. The socket is closed at a later turn,
    when the store is back."""
    page = page_of(node, opened, "a key")
    page.forget()
    lost_sessions.warnings.forget()

    def fail(self, name):
        raise OSError("the store is away")

    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):
        patch.setattr(type(node.app.session_interface), "_retrieve_session_data", fail)
        look_at_all(node)
        was_open = page.connection.is_open
    look_at_all(node)

    assert was_open
    assert "the store is away" in caplog.text
    assert page.receive() == 1012


def test_page_may_come_back_with_a_living_session(node, opened):
    """The session has another id by now, as after regenerate() in another tab. The same key opens a
    socket again."""
    page = page_of(node, opened, "a key")
    page.forget()
    look_at_all(node)
    closed = page.receive()

    again = page_of(node, opened, "a key")

    assert closed == 1012
    assert again.connection.is_open
    look_at_all(node)
    assert again.connection.is_open


def test_node_looks_for_them(node):
    """A node looks for such sockets as long as it has sockets."""
    names = [call.__qualname__ for _, call in node._list_chores()]

    assert "LostSessions.sweep" in names
