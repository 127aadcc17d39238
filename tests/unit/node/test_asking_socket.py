"""What those who make large replies ask of the socket for which they make them."""

import pytest

from flask_realtime.node.asking_socket import AskingSocket
from flask_realtime.writing import slow_replies

from ...eventually import eventually
from ..handshakes import Page
from .nodes import node_of

LARGE = 1_400_000


@pytest.fixture
def made():
    return []


@pytest.fixture
def node(made, monkeypatch):
    """A node whose app has a view with large replies, two of which fit into its memory."""
    monkeypatch.setattr(slow_replies, "REPLY_BYTES", 2.5 * LARGE)
    monkeypatch.setattr(slow_replies, "FILLING_SECONDS", 0.0)
    monkeypatch.setattr(slow_replies, "LOOK_SECONDS", 0.0)
    node = node_of(ALLOW_CALLS=True)
    node.app.add_url_rule("/large", "large", lambda: made.append(1) or "x" * LARGE)
    return node


def call(page):
    page.say("call-route", uri="/large")
    return page.receive()


def test_call_goes_by_http_while_others_read_large_replies(node, made):
    """Others read their large replies, slowly. A call that is likely to have one more is refused
    before its view runs: the client makes it by HTTP, and nobody is cut off."""
    with (
        Page(node, socket_key="first") as first,
        Page(node, socket_key="second") as second,
        Page(node, socket_key="late") as late,
    ):
        assert call(late)["status"] == 200
        for page in (first, second):
            page.say("call-route", uri="/large")
            eventually(lambda page=page: page.connection.outbox.has_large_reply)
        node._flusher._poller._slow_replies.look()
        for page in (first, second):
            page.drain(LARGE // 2)

        count = len(made)
        refused = call(late)

        assert (refused["status"], refused.get("refused")) == (421, "call")
        assert "HTTP" in refused["body"]
        assert len(made) == count
        assert first.connection.is_open and second.connection.is_open


def test_socket_that_is_to_be_closed_begins_nothing_and_waits_for_what_is_made(node):
    """A message that runs is answered; one that waits is not begun."""
    with Page(node) as page:
        asker = AskingSocket(page.connection, node._flusher.has_room)
        states = [(asker.may_begin(), asker.is_waiting())]
        page.connection.is_retiring = True
        states.append((asker.may_begin(), asker.is_waiting()))
        page.connection.close(1012)
        states.append((asker.may_begin(), asker.is_waiting()))

    assert states == [(True, True), (False, True), (False, False)]
