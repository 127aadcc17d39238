"""How a socket joins its channels."""

from dataclasses import replace

import pytest

from flask_realtime.errors import RegistryUnavailable
from flask_realtime.hub.unnoted_kicks import MOST_OF_CLIENT
from flask_realtime.identity.keys import digest
from flask_realtime.node import resumption
from flask_realtime.protocol.positions import Position
from flask_realtime.protocol.pushes import Push
from flask_realtime.registries.memory.registry import MemoryRegistry
from flask_realtime.registries.records import UserEnd
from tests.eventually import eventually

from ..handshakes import Page, admitted
from .nodes import node_of

CLIENT = digest("a secret of the tests", "a key", "an-id-of-this-page")
CLIENT_OF_42 = digest("a secret of the tests", "a key", "an-id-of-this-page", "42")


class Going(MemoryRegistry):
    """A registry, one kind of whose calls fails when the test says so, or which does not name the
    channels that a client has left."""

    failing = None
    names_left = True

    def start(self, events, owners=()):
        def changed(digest, left=()):
            events.changed(digest, left if self.names_left else ())

        super().start(replace(events, changed=changed), owners)

    def subscriptions(self, digests):
        if self.failing == "subscriptions":
            raise RegistryUnavailable("away")
        return super().subscriptions(digests)

    def read(self, cursors, max_bytes, *, renew=True):
        if self.failing == "read":
            raise RegistryUnavailable("away")
        return super().read(cursors, max_bytes, renew=renew)


@pytest.fixture
def node():
    return node_of(Going)


def push(node, *payloads, channel="room"):
    """Push messages, and return the log's position after each."""
    return [node.registry.publish([Push(channel, f'"{one}"', None)])[0] for one in payloads]


def test_plain_client_begins_where_its_page_subscribed(node):
    """A client that does not resume gets what was pushed since its page was rendered, and then
    later pushes."""
    push(node, "before")
    node.registry.subscribe(CLIENT, ["room"])
    push(node, "while it opened")

    with Page(node) as page:
        first = page.receive_payloads(1)
        push(node, "live")

        assert first + page.receive_payloads(1) == ["while it opened", "live"]


def test_plain_client_goes_on_behind_its_last_socket(node):
    """A client that does not resume reconnects. It gets what follows the messages that its last
    socket was sent."""
    node.registry.subscribe(CLIENT, ["room"])
    push(node, 1)
    with Page(node) as page:
        page.receive_payloads(1)
    push(node, 2)

    with Page(node) as page:
        assert page.receive_payloads(1) == ["2"]


def test_resuming_client_goes_on_where_it_says(node):
    """A client resumes from the positions that it names. On other channels it begins where its page
    subscribed, and the reply comes first."""
    node.registry.subscribe(CLIENT, ["room", "hall"])
    first, _ = push(node, 1, 2)
    push(node, "a", channel="hall")

    with Page(node, resumes=True) as page:
        page.say("resume", positions={"room": str(first)})
        reply = page.receive()
        payloads = page.receive_payloads(2)

    assert reply == {"id": "1", "status": 200, "known": True, "lost": []}
    assert sorted(payloads) == ["2", "a"]


def test_resuming_client_is_told_what_is_lost(node):
    """The reply to a resume names channels whose log does not reach back, and channels to which the
    client is not subscribed."""
    node.registry.subscribe(CLIENT, ["room"])
    push(node, 1)
    other = Position("another", 3, "ffff")

    with Page(node, resumes=True) as page:
        page.say("resume", positions={"room": str(other), "foreign": str(other)})

        assert sorted(page.receive()["lost"]) == ["foreign", "room"]
        assert page.receive_payloads(1) == ["LOST"]


def test_resuming_client_hears_nothing_from_before_its_page_was_subscribed(node):
    """A member who was put out of a room is let in again, and names a position from before. The
    client begins where the new page was subscribed, and is told that it lacks messages, as of every
    other loss by a message of its own: a script that waits for it would miss the next loss."""
    node.registry.subscribe(CLIENT, ["room"])
    [known] = push(node, "for members")
    node.registry.unsubscribe(CLIENT, ["room"])
    [last] = push(node, "while out")
    node.registry.subscribe(CLIENT, ["room"])
    push(node, "back in")

    with Page(node, resumes=True) as page:
        page.say("resume", positions={"room": str(known)}, speaks=2)
        reply, told = page.receive(), page.receive()

        assert (reply["lost"], reply["positions"]) == (["room"], {})
        assert told == {"channel": "room", "lost": True, "position": str(last)}
        assert page.receive_payloads(1) == ["back in"]


def test_resuming_client_that_is_not_known_is_told_so(node):
    """The reply to a resume says that the client is unknown, so that its page reloads."""
    with Page(node, resumes=True) as page:
        page.say("resume", positions={})

        assert page.receive() == {"id": "1", "status": 200, "known": False, "lost": []}


@pytest.mark.parametrize("names_left", [True, False])
def test_resuming_client_hears_nothing_of_what_it_left_meanwhile(node, names_left):
    """A view unsubscribes the page between the handshake and the resume. The client gets nothing of
    that channel, also where the registry tells only that something has changed, as a process of an
    earlier version does."""
    node.registry.names_left = names_left
    node.registry.subscribe(CLIENT, ["room", "hall"])

    with Page(node, resumes=True) as page:
        node.registry.unsubscribe(CLIENT, ["room"])
        push(node, "not for it")
        push(node, "hi", channel="hall")
        page.say("resume", positions={})
        page.receive()

        assert page.receive_payloads(1) == ["hi"]


def test_client_hears_what_it_is_subscribed_to_while_it_opens(node):
    """Another process subscribes the page while its socket opens. The client misses none of the
    pushes."""
    with Page(node, resumes=True) as page:
        page.say("resume", positions={})
        page.receive()
        node.registry.subscribe(CLIENT, ["room"])
        push(node, "hi")

        assert page.receive_payloads(1) == ["hi"]


@pytest.mark.parametrize("failing", ["subscriptions", "read"])
def test_client_whose_channels_cannot_be_read_comes_back(node, failing):
    """The logs of a client's channels cannot be read. Its socket closes with 1013 and resumes
    later, without a gap."""
    node.registry.subscribe(CLIENT, ["room"])
    push(node, 1)

    with Page(node, resumes=True) as page:
        node.registry.unsubscribe(CLIENT, ["hall"])
        node.registry.failing = failing
        page.say("resume", positions={})

        assert page.receive() == 1013


def test_client_that_does_not_keep_its_promise_is_closed(node, monkeypatch):
    """A client promised to resume and does not. Its socket receives nothing and uses a place, so it
    is closed."""
    monkeypatch.setattr(resumption, "RESUME_SECONDS", 0)

    with Page(node, resumes=True) as page:
        assert page.receive() == 1008


def test_socket_enters_further_channels_behind_what_it_is_doing(node, monkeypatch):
    """A handler subscribes its page. Pushes of that channel come after the handler's reply."""
    with admitted(node) as connection:
        connection.receiver.opened()
        node.registry.subscribe(connection.digest, ["room"])

        eventually(lambda: node.is_heard("room"))
        assert connection.jobs.wait_until_idle(None)


def test_client_that_speaks_of_it_is_told_where_it_begins(node):
    """A client of version 2 is told its position on channels that it did not name, so that it can
    notice a loss before any push."""
    node.registry.subscribe(CLIENT, ["room", "hall"])
    start = node.registry.read({"hall": None}, 1)["hall"].tail
    (named,) = push(node, 1)

    with Page(node, resumes=True) as page:
        page.say("resume", positions={"room": str(named)}, speaks=2)
        reply = page.receive()

    assert reply["positions"] == {"hall": str(start)}
    assert (reply["lost"], reply["left"]) == ([], [])


def test_client_that_speaks_of_it_is_told_what_it_left_while_away(node):
    """A view has unsubscribed the page while it was away. A client of version 2 is told that it
    left the channel, and does not reload for a loss."""
    node.registry.subscribe(CLIENT, ["room", "hall"])
    (at,) = push(node, 1)
    node.registry.unsubscribe(CLIENT, ["room"])

    with Page(node, resumes=True) as page:
        page.say("resume", positions={"room": str(at), "foreign": str(at)}, speaks=2)
        reply = page.receive()

    assert (reply["left"], reply["lost"]) == (["room"], ["foreign"])


@pytest.mark.parametrize("speaks", [2, 3])
def test_client_that_speaks_of_it_is_told_at_once_that_it_left(node, speaks):
    """A view unsubscribes a page with an open socket. A client of version 2 is told at once."""
    node.registry.subscribe(CLIENT, ["room", "hall"])
    with Page(node, resumes=True) as page:
        page.say("resume", positions={}, speaks=speaks)
        page.receive()

        node.registry.unsubscribe(CLIENT, ["room"])

        assert page.receive() == {"channel": "room", "left": True}


def test_client_of_the_first_version_is_told_nothing_new(node):
    """A client of version 1 is unsubscribed, and gets no message that it does not know."""
    node.registry.subscribe(CLIENT, ["room", "hall"])
    with Page(node, resumes=True) as page:
        page.say("resume", positions={}, speaks="2")
        assert page.receive() == {"id": "1", "status": 200, "known": True, "lost": []}

        node.registry.unsubscribe(CLIENT, ["room"])
        eventually(lambda: node.is_heard("room") is False)
        push(node, "not for it")
        push(node, "hi", channel="hall")

        assert page.receive_payloads(1) == ["hi"]


ROOMS = [f"room:{number}" for number in range(MOST_OF_CLIENT + 100)]


def put_out(node, *channels):
    node.end([UserEnd("42", channel) for channel in channels])


def test_user_who_leaves_many_rooms_keeps_the_socket(node):
    """A user is removed from many rooms, most of which the page is not subscribed to. The socket
    stays open."""
    node.registry.subscribe(CLIENT_OF_42, [*ROOMS[-2:], "hall"])
    with Page(node, identity="42") as page:
        eventually(lambda: node.is_heard("hall"))

        put_out(node, *ROOMS)
        push(node, "not for him", channel=ROOMS[-1])
        push(node, "for him", channel="hall")

        assert page.receive_payloads(1) == ["for him"]


def test_page_comes_back_that_may_be_put_into_a_room_that_it_has_left(node, monkeypatch):
    """A page was being subscribed to a room while it left too many rooms to record each of them. It
    reconnects, so that it does not stay in a room that it has left."""
    with Page(node, identity="42") as page:
        with monkeypatch.context() as patch:
            patch.setattr(node._reconciler.unnoted_kicks, "tell", lambda: False)
            put_out(node, *ROOMS)

        node.registry.subscribe(CLIENT_OF_42, ["room:late"])

        assert page.receive() == 1012
    with Page(node, identity="42") as page:
        node.registry.subscribe(CLIENT_OF_42, ["hall"])
        eventually(lambda: node.is_heard("hall"))
        push(node, "for him", channel="hall")
        assert page.receive_payloads(1) == ["for him"]
