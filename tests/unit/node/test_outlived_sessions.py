"""Sockets that are still open although their session has ended are found and closed."""

import contextlib

import pytest
from flask import session

from flask_realtime.errors import RegistryUnavailable
from flask_realtime.identity.keys import session_digest
from flask_realtime.node import outlived_sessions
from flask_realtime.node.outlived_sessions import OutlivedSessions

from ..handshakes import Page
from .nodes import node_of

SECRET = "a secret of the tests"


@pytest.fixture
def node():
    return node_of()


@pytest.fixture
def outlived(node):
    return OutlivedSessions(node.connections, node.registry.has_ended)


def test_socket_that_has_outlived_its_session_is_closed(node, outlived, monkeypatch):
    """The process that handled a log-out died before it told the others. Of many sockets only the
    one of that session is closed."""
    monkeypatch.setattr(outlived_sessions, "SESSIONS_AT_ONCE", 3)
    with contextlib.ExitStack() as opened:
        pages = [opened.enter_context(Page(node, socket_key=f"key {one}")) for one in range(7)]
        node.registry.end_session(session_digest(SECRET, "key 4"))

        outlived.sweep()
        first = [page.connection.is_open for page in pages]
        outlived.sweep()

        assert first == [True] * 7
        assert [page.connection.is_open for page in pages] == [True] * 4 + [False] + [True] * 2
        assert pages[4].receive() == 4001


def test_registry_that_is_away_closes_nothing(node):
    """The registry is unavailable, so no socket is closed. It is asked again the next time."""
    replies = [True, False, True]

    def has_ended(sessions):
        if replies.pop(0):
            return node.registry.has_ended(sessions)
        raise RegistryUnavailable("away")

    outlived = OutlivedSessions(node.connections, has_ended)
    with Page(node, socket_key="a key") as page:
        node.registry.end_session(session_digest(SECRET, "a key"))
        outlived.sweep()
        with pytest.raises(RegistryUnavailable):
            outlived.sweep()
        was_open = page.connection.is_open

        outlived.sweep()

        assert was_open
        assert page.receive() == 4001


def test_socket_is_closed_though_a_middleware_never_closes_the_answer(node, outlived):
    """A middleware does not close the response, as WSGI requires. The socket is closed all the
    same."""
    app = node.app
    app.add_url_rule("/clear", "clear", lambda: session.clear() or "")
    inner = app.wsgi_app

    def unclosing(environ, start_response):
        for chunk in inner(environ, start_response):  # noqa: UP028 - that would close it
            yield chunk

    app.wsgi_app = unclosing
    client = app.test_client()
    with client.session_transaction() as opened:
        opened["socket_key"] = "a key"
    with Page(node, socket_key="a key") as page:
        client.get("/clear")
        outlived.sweep()
        outlived.sweep()

        assert page.receive() == 4001


def test_node_looks_for_them(node):
    """A node looks for such sockets as long as it has sockets."""
    names = [call.__qualname__ for _, call in node._list_chores()]

    assert "OutlivedSessions.sweep" in names
