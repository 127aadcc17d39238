"""A process carries out an order of its registry to close sockets or end subscriptions."""

import sys
import threading

import pytest

from flask_realtime.hub.channels import Channels
from flask_realtime.hub.hub import Hub
from flask_realtime.node import evictions
from flask_realtime.node.evictions import Evictions
from flask_realtime.protocol.positions import Position
from flask_realtime.registries.records import Disconnect
from flask_realtime.session.known_ends import KnownEnds

from ..logs import Ear

FIRST, SECOND = "1" * 32, "2" * 32


class Closable(Ear):
    """A connection that records how it was closed."""

    def __init__(self, digest, user=None):
        super().__init__(digest, user)
        self.closed = None
        self.opened_at = 0.0

    def disconnect(self, code, reason):
        self.closed = (code, reason)


@pytest.fixture
def hub():
    return Hub(Channels(), lambda names: None)


@pytest.fixture
def ears(hub):
    """Two pages of one session, one of which belongs to a user, and a page of that user in another
    session."""
    ears = Closable("a" * 32 + FIRST), Closable("b" * 32 + FIRST, "42"), Closable(SECOND * 2, "42")
    for ear in ears:
        hub.add(ear)
    return ears


@pytest.mark.parametrize(
    ("order", "closed"),
    [
        (Disconnect(digest="a" * 32 + FIRST), [0]),
        (Disconnect(session=FIRST), [0, 1]),
        (Disconnect(user="42"), [1, 2]),
        (Disconnect(user="43"), []),
        (Disconnect(), [0, 1, 2]),
    ],
)
def test_sockets_are_closed_of_whom_the_order_names(hub, ears, order, closed):
    """An order closes the sockets of a client, a session or a user and no others, or all sockets if
    it names nobody."""
    Evictions(hub, KnownEnds(), None).disconnect(order)

    assert [number for number, ear in enumerate(ears) if ear.closed] == closed


def test_order_that_is_heard_late_leaves_sockets_that_were_opened_since(hub, ears):
    """A user was banned and has logged in again. An order that arrives late closes only the earlier
    sockets."""
    ears[2].opened_at = 7.0

    Evictions(hub, KnownEnds(), None).disconnect(Disconnect(user="42", opened_before=6.0))

    assert [bool(ear.closed) for ear in ears] == [False, True, False]


def test_socket_is_told_why_it_is_closed(hub, ears):
    """The close code tells a page whose session has changed, and may reconnect, from one whose
    session has ended."""
    evictions = Evictions(hub, KnownEnds(), None)
    evictions.disconnect(Disconnect(digest=ears[0].digest, code=4001))
    evictions.disconnect(Disconnect(digest=ears[1].digest))

    assert ears[0].closed == (4001, "The session changed.")
    assert ears[1].closed == (1000, "The session has ended.")


def test_user_is_taken_off_a_channel_at_once_and_in_the_registry(hub, ears):
    """A user is removed from a channel. The user's pages receive no later push, even before the
    registry has recorded it."""
    noted = []
    for ear in ears:
        hub.invite(ear, {"room": Position.start(), "hall": Position.start()})
        hub.enter(ear)

    hub.leave(ears[2], ["room"])

    def note(*left):
        # Noted first: what is read of the registry from then on is known to be out of date.
        assert (hub.channels(ears[1]) == {"hall"}) is bool(noted)
        noted.append(left)

    Evictions(hub, KnownEnds(), note).unsubscribe("42", "room", 5)

    assert [hub.channels(ear) for ear in ears] == [{"room", "hall"}, {"hall"}, {"hall"}]
    assert noted == [(ears[1].digest, "room", True, 5), (ears[2].digest, "room", False, 5)]
    assert not any(ear.closed for ear in ears)


def test_registry_that_does_not_say_when_has_its_users_pages_leave_now(hub, ears):
    """A registry of the app's own tells of a user and a channel alone, as all did before: the user
    counts as put out of it now."""
    noted = []
    hub.invite(ears[1], {"room": Position.start()})
    hub.enter(ears[1])

    Evictions(hub, KnownEnds(), lambda *left: noted.append(left)).unsubscribe("42", "room")

    assert hub.channels(ears[1]) == set()
    assert noted[0] == (ears[1].digest, "room", True, 0)


def test_client_whose_socket_has_gone_is_noted_with_the_moment_of_the_kick(hub, ears):
    """A user is put out of a channel, and a page's socket ends before the registry has said when
    that was. The moment is noted for that page, too, and once."""
    noted = []
    evictions = Evictions(hub, KnownEnds(), lambda *left: noted.append(left))
    evictions.unsubscribe("42", "room", None)
    hub.remove(ears[1])
    noted.clear()

    evictions.unsubscribe("42", "hall", 4)
    evictions.unsubscribe("42", "room", 5)
    evictions.unsubscribe("42", "room", 6)

    stays, gone = ears[2].digest, ears[1].digest
    assert noted == [
        (stays, "hall", False, 4),
        (stays, "room", False, 5),
        (gone, "room", False, 5),
        (stays, "room", False, 6),
    ]


def test_kicks_of_which_the_registry_says_nothing_are_forgotten(hub, ears, monkeypatch):
    """Ever more kicks wait for a registry that is away. The latest are remembered."""
    monkeypatch.setattr("flask_realtime.node.evictions.MOST_PENDING", 2)
    noted = []
    evictions = Evictions(hub, KnownEnds(), lambda *left: noted.append(left))
    for name in ("first", "second", "third"):
        evictions.unsubscribe("42", name, None)
    hub.remove(ears[1])
    noted.clear()

    for name in ("first", "second", "third"):
        evictions.unsubscribe("42", name, 5)

    assert [name for digest, name, *_ in noted if digest == ears[1].digest] == ["second", "third"]


def test_kick_that_comes_again_remembers_each_client_once(hub, ears):
    """A user is put out of a channel again and again, and the registry never says when. What the
    process keeps of it does not grow."""
    evictions = Evictions(hub, KnownEnds(), lambda *left: None)
    evictions.unsubscribe("42", "room", None)
    before = sys.getsizeof(*evictions._pending.values())

    for _ in range(100):
        evictions.unsubscribe("42", "room", None)

    assert sys.getsizeof(*evictions._pending.values()) == before


def test_kick_without_pages_keeps_those_of_the_kick_before(hub, ears):
    """A user is put out of a channel twice, and closes the page in between. The registry says when
    that was, and the page that comes back may ask for the channel again at once."""
    noted = []
    evictions = Evictions(hub, KnownEnds(), lambda *left: noted.append(left))
    evictions.unsubscribe("42", "room", None)
    for ear in ears:
        hub.remove(ear)
    evictions.unsubscribe("42", "room", None)
    noted.clear()

    evictions.unsubscribe("42", "room", 5)

    assert sorted(noted) == sorted((one.digest, "room", False, 5) for one in ears[1:])


def test_pages_of_kicks_of_which_the_registry_says_nothing_are_forgotten(hub, ears, monkeypatch):
    """A user who is put out of a channel comes again by ever new pages. The last are remembered."""
    monkeypatch.setattr("flask_realtime.node.evictions.MOST_PENDING", 2)
    evictions = Evictions(hub, KnownEnds(), lambda *left: None)

    for number in range(5):
        page = Closable(f"{number}" * 64, "43")
        hub.add(page)
        evictions.unsubscribe("43", "room", None)
        hub.remove(page)

    assert [*evictions._pending.values()] == [("3" * 64, "4" * 64)]


class BriefHub:
    """A hub that takes no time, with one connection."""

    def connections(self, user):
        return [Closable(SECOND * 2, user)]

    def channels(self, _):
        return ()

    def leave(self, *_, bars):
        pass


def test_many_users_may_be_put_out_at_once(monkeypatch):
    """Requests on several threads put users out of more channels than are remembered. None fails,
    and no more are remembered."""
    monkeypatch.setattr(evictions, "MOST_PENDING", 3)
    several, failed = Evictions(BriefHub(), KnownEnds(), lambda *left: None), []

    def put_out(name):
        try:
            for number in range(20_000):
                several.unsubscribe("42", f"{name}{number}", None)
        except RuntimeError as error:
            failed.append(error)

    threads = [threading.Thread(target=put_out, args=(name,)) for name in "abcd"]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    finally:
        sys.setswitchinterval(interval)

    assert failed == []
    assert len(several._pending) == 3
