"""Browsers that have kept a session which has ended."""

import pytest

from flask_realtime.identity.keys import session_digest
from flask_realtime.session.begun_at_once import SESSION_HEADER
from flask_realtime.session.ended_in_browser import is_kept
from flask_realtime.session.known_ends import KnownEnds

from .pages import KEY

ALL_ENDED = {"has_ended": True, "ended_ago": 20_000, "has_just_ended": True}


class Node:
    """A process that knows what a test says of the session, as does its registry."""

    def __init__(self, has_ended, ended_ago=0, has_just_ended=False):
        self.known_ends = KnownEnds()
        self._has_ended = has_ended
        self._ended_ago = ended_ago
        self._has_just_ended = has_just_ended
        self.ended = []
        self.registry = self

    def has_ended(self, sessions, heir):
        return self._has_ended

    def has_just_ended(self, sessions, since=None):
        return self._has_just_ended

    def end_session(self, session):
        self.ended.append(session)
        return self._ended_ago


@pytest.fixture
def asked(granting):
    """What :func:`is_kept` says to a page, by default one that was turned away."""

    def asked(node, told="4001", **session):
        client = granting.test_client()
        with client.session_transaction() as stored:
            stored.update(session)
        found = []
        granting.add_url_rule(
            "/", "ask", lambda: found.append(is_kept(node)) or "", methods=["POST"]
        )
        client.post("/", headers={SESSION_HEADER: told})
        return found[0]

    return asked


def test_session_that_ended_a_while_ago_is_kept_in_vain(asked):
    """It is ended once more, by which the registry says when it had ended."""
    node = Node(**ALL_ENDED)

    assert asked(node, socket_key=KEY) is True
    assert node.ended == [session_digest("secret", KEY)]


@pytest.mark.parametrize("told", ["", "4002", "something signed"])
def test_page_that_was_not_turned_away_costs_nothing(asked, told):
    """Each fetch of changes comes here: no process is asked."""
    node = Node(**ALL_ENDED)

    assert asked(node, told, socket_key=KEY) is False
    assert node.ended == []


def test_session_without_a_key_has_not_ended(asked):
    """Nobody could have ended it."""
    assert asked(Node(**ALL_ENDED)) is False


@pytest.mark.parametrize("has_ended", [False, None])
def test_session_that_may_live_is_not_ended(asked, has_ended):
    """Where Redis does not say whether the session has ended, the page asks again."""
    node = Node(has_ended)

    assert asked(node, socket_key=KEY) is has_ended
    assert node.ended == []


@pytest.mark.parametrize("ended_ago", [1, 14_999])
def test_session_that_has_just_ended_is_asked_for_again(asked, ended_ago):
    """The answer that brings the browser the next session may be under way."""
    assert asked(Node(True, ended_ago), socket_key=KEY) is None


@pytest.mark.parametrize(("has_just_ended", "expected"), [(True, None), (False, True)])
def test_end_that_only_this_process_knows_counts_from_when_it_was_told(
    asked, has_just_ended, expected
):
    """Redis has not been told of it before."""
    assert asked(Node(True, 0, has_just_ended), socket_key=KEY) is expected


def test_browser_that_has_got_another_session_meanwhile_is_left_alone(asked):
    """The session ended long ago. The answer to a log-in is under way, or has just arrived."""
    node = Node(True, 3_000_000)
    node.known_ends.leave(session_digest("secret", KEY))

    assert asked(node, socket_key=KEY) is None
