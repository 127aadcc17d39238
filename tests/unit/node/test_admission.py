"""Sockets are admitted within the limits of a process."""

from contextlib import suppress

import pytest

from flask_realtime.errors import RegistryUnavailable
from flask_realtime.identity import keys
from flask_realtime.identity.keys import session_of
from flask_realtime.node import admission
from flask_realtime.node.ended_receiver import EndedReceiver
from flask_realtime.registries.memory.registry import MemoryRegistry
from flask_realtime.registries.records import SessionEnd, UserEnd
from flask_realtime.session import known_ends
from flask_realtime.threads import clock
from flask_realtime.transport.handshake import Refusal
from tests.eventually import eventually

from ..handshakes import Page, admitted
from ..warned import assert_few_lines_tell_of
from .nodes import node_of


def refusal_of(node, **shaken):
    with pytest.raises(Refusal) as refused, admitted(node, **shaken):
        pass
    return refused.value


def test_connection_is_there_once_it_was_let_in():
    """An admitted connection is in the registry, under a name that no other connection of this
    process has."""
    node = node_of()

    with admitted(node) as one, admitted(node) as other:
        assert node.connections() == [one, other]
        assert one.name != other.name
        assert one.digest == other.digest
        assert one.receiver is not other.receiver
        known = node.registry.connect(one.digest, "third")
        assert known.is_resumed


@pytest.mark.parametrize("key", ["a secret of the tests", "an earlier key"])
def test_socket_that_closes_is_gone_however_the_earlier_keys_are_written(key):
    """SECRET_KEY_FALLBACKS may name a key twice, and the present one too. A page of a key that is
    known closes its socket, and nothing of it is left."""
    node = node_of()
    node.app.config["SECRET_KEY_FALLBACKS"] = [node.app.secret_key, *["an earlier key"] * 2]
    digest = keys.digest(key, "a key", "an-id-of-this-page")
    node.registry.subscribe(digest, ["room"])

    with Page(node) as page:
        assert page.connection.digest == digest
        eventually(lambda: node.is_heard("room"))

    assert not node.connections() and not node.is_heard("room")


def test_process_that_stops_asks_nothing_for_a_page_of_an_earlier_key(monkeypatch):
    """A process with SECRET_KEY_FALLBACKS stops, and Redis may be gone already. It refuses a
    handshake without a word to the registry, for which its client would wait."""
    node = node_of()
    node.app.config["SECRET_KEY_FALLBACKS"] = ["an earlier key"]
    monkeypatch.setattr(node.registry, "subscriptions", lambda asked: pytest.fail("It asks."))
    node.drain(0)

    refusal = refusal_of(node)

    assert (refusal.status, refusal.headers) == (503, {"Retry-After": "1"})
    assert "stopping" in refusal.reason


def test_process_that_is_full_sends_others_elsewhere():
    """A full process refuses a socket with Retry-After. When one closes, its place is free
    again."""
    node = node_of(MAX_CONNECTIONS=1)

    with admitted(node) as one:
        refusal = refusal_of(node)
        one.receiver.closed()

    with admitted(node) as next_one:
        assert node.connections() == [next_one]
    assert refusal.status == 503
    assert "REALTIME_MAX_CONNECTIONS" in refusal.reason
    assert refusal.headers == {"Retry-After": "1"}


def test_session_has_a_share_of_the_places():
    """One session has used up its share. Another session is admitted."""
    node = node_of(MAX_CONNECTIONS_PER_SESSION=1)

    with admitted(node):
        refusal = refusal_of(node)
        with admitted(node, socket_key="another") as other:
            assert other in node.connections()
    assert refusal.status == 429


class Away(MemoryRegistry):
    """A registry that is unavailable when the test says so."""

    is_away = False

    def connect(self, digest, name, *more):
        self._check()
        return super().connect(digest, name, *more)

    def forget_connection(self, record):
        self._check()
        super().forget_connection(record)

    def _check(self):
        if self.is_away:
            raise RegistryUnavailable("away")


def test_socket_that_the_registry_does_not_note_is_refused():
    """The registry cannot record a socket, which would receive nothing. It is refused, its client
    tries again, and its place is free."""
    node = node_of(Away, MAX_CONNECTIONS=1)
    node.registry.is_away = True

    refusals = [refusal_of(node) for _ in range(2)]

    assert [(one.status, one.headers) for one in refusals] == [(503, {"Retry-After": "1"})] * 2
    assert "registry" in refusals[0].reason
    assert node.connections() == []


def test_socket_whose_end_is_not_noted_is_forgotten_all_the_same(caplog):
    """The registry cannot record that a socket closed. The process forgets the socket, and the
    registry's entry expires. Strangers who close many fill no log."""
    node = node_of(Away, MAX_CONNECTIONS=1)

    for _ in range(20):
        node.registry.is_away = False
        with admitted(node) as one:
            node.registry.is_away = True
            one.receiver.closed()

    assert node.connections() == []
    assert "will expire" in caplog.text
    assert_few_lines_tell_of(20, caplog)


def test_socket_that_cannot_be_let_in_leaves_nothing_behind(monkeypatch):
    """Whatever fails during an admission, the place and the name are free again."""
    node = node_of(MAX_CONNECTIONS=1)
    with monkeypatch.context() as patch:
        patch.setattr(node.registry, "connect", lambda *asked: 1 / 0)
        with pytest.raises(ZeroDivisionError), admitted(node):
            pass

    with admitted(node) as one:
        assert node.connections() == [one]


def test_server_that_stands_still_under_a_socket_is_refused(monkeypatch):
    """A worker with a single thread cannot serve sockets. The refusal says which worker to use."""
    monkeypatch.setattr(admission.servers, "socket_capacity", lambda: 0)

    refusal = refusal_of(node_of())

    assert refusal.status == 501
    assert "gunicorn -k gevent" in refusal.reason


class Unwritable(MemoryRegistry):
    """A registry that records no ends until the test says so."""

    is_unwritable = True

    def end_user(self, *user):
        self._check()
        super().end_user(*user)

    def end_session(self, *session):
        self._check()
        super().end_session(*session)

    def _check(self):
        if self.is_unwritable:
            raise RegistryUnavailable("It refuses to write.")


def test_page_of_a_user_whose_ban_is_not_noted_yet_is_sent_away(monkeypatch):
    """The registry has not recorded a user's ban yet, and would admit the user's page. The page is
    refused with Retry-After, and other users are admitted."""
    monkeypatch.setattr("flask_realtime.session.endings.RETRY_SECONDS", 0.01)
    node = node_of(Unwritable)

    node.end([UserEnd("42")])
    refusal = refusal_of(node, identity="42")
    with admitted(node, identity="43"):
        pass
    node.registry.is_unwritable = False

    def comes_in():
        with suppress(Refusal), admitted(node, identity="42", connection_id="of-a-later-page"):
            return True

    assert refusal.status == 503
    assert eventually(comes_in)
    node.close()


def test_page_of_a_session_that_this_process_has_ended_is_told_so():
    """This process has ended a session, which the registry could not record. A page of the session
    is told that it has ended."""
    node = node_of(Unwritable)
    with admitted(node) as one:
        session = session_of(one.digest)

    node.end([SessionEnd(session)])

    with admitted(node) as one, admitted(node, socket_key="another") as other:
        assert isinstance(one.receiver, EndedReceiver)
        assert not isinstance(other.receiver, EndedReceiver)
    node.close()


def test_session_whose_end_is_not_noted_has_ended_for_as_long_as_that(monkeypatch):
    """A registry cannot record an end for longer than this process remembers its own ends. The
    session counts as ended until it can."""
    node = node_of(Unwritable)
    with admitted(node) as one:
        session = session_of(one.digest)
    node.end([SessionEnd(session)])
    later = clock.monotonic() + known_ends.KNOWN_SECONDS
    monkeypatch.setattr(clock, "monotonic", lambda: later)

    with admitted(node) as one, admitted(node, socket_key="another") as other:
        assert isinstance(one.receiver, EndedReceiver)
        assert not isinstance(other.receiver, EndedReceiver)
    assert node.has_ended([session], "")
    assert not node.has_ended([session_of(other.digest)], "")
    node.close()
