"""The clients that a single process knows."""

import pytest

from flask_realtime.config.settings import Config
from flask_realtime.errors import TooManyChannels
from flask_realtime.protocol.positions import Position
from flask_realtime.registries.lifetimes import Lifetimes
from flask_realtime.registries.memory.clients import MemoryClient, MemoryClients
from flask_realtime.registries.records import ConnectionRecord
from flask_realtime.registries.subscriptions import MOST_LEFT, Known

START = Position.start()


@pytest.fixture
def clients():
    """Clients that wait ten seconds for their first connection, and live a hundred."""
    config = Config(connect_timeout_seconds=10, disconnect_timeout_seconds=100)
    return MemoryClients(Lifetimes.of(config), most_channels=3)


def test_client_is_awaited_for_a_while_and_lives_longer_once_it_came(clients):
    """A page whose script never runs is forgotten soon; a page that has connected may reconnect for
    longer."""
    for digest in ("never came", "came"):
        clients.subscribe(digest, {"room": START}, began=0, asked={}, now=0)
    assert set(clients.connect("came", "1", now=1)) == {"room"}

    assert clients.get("never came", now=12) is None
    assert clients.get("came", now=12) is not None
    assert clients.get("came", now=102) is None


def test_client_that_only_connected_is_unknown_until_it_is_refreshed(clients):
    """A client that connect() created counts as unknown until its first refresh, since it may have
    subscriptions that were lost."""
    assert clients.connect("digest", "1", now=0) is None
    assert clients.connect("digest", "2", now=0) is None

    assert clients.refresh(ConnectionRecord("digest", "1", {}), now=1)

    assert clients.connect("digest", "3", now=2) == {}


def test_client_is_on_no_more_channels_than_it_may_be(clients):
    """A client may not exceed its limit of channels; channels that it already has do not count
    twice."""
    clients.subscribe("digest", {"a": START, "b": START}, began=0, asked={}, now=0)

    clients.check_limit("digest", ["a", "b", "c"], now=0)
    with pytest.raises(TooManyChannels):
        clients.check_limit("digest", ["c", "d"], now=0)


def test_client_of_which_nothing_is_known_goes_with_its_last_connection(clients):
    """A client without subscriptions is dropped with its last connection."""
    for name in ("1", "2"):
        clients.connect("digest", name, now=0)

    clients.forget_connection(ConnectionRecord("digest", "1", {}), now=1)
    assert clients.has_arrived("digest", now=1)
    clients.forget_connection(ConnectionRecord("digest", "2", {}), now=1)

    assert not clients.has_arrived("digest", now=1)


def test_connection_that_came_last_notes_how_far_it_was_sent(clients):
    """Only the latest connection of a page records its positions when it closes."""
    clients.subscribe("digest", {"room": START}, began=0, asked={}, now=0)
    for name in ("old", "new"):
        clients.connect("digest", name, now=0)
    sent = START._replace(seq=7)

    clients.refresh(ConnectionRecord("digest", "old", {"room": START}), now=1)
    clients.refresh(ConnectionRecord("digest", "new", {"room": sent, "hall": sent}), now=1)
    clients.refresh(ConnectionRecord("digest", "old", {"room": START}), now=1)

    [(channel, one)] = clients.get("digest", now=1).subscriptions.items()
    assert (channel, one.sent) == ("room", sent)


def test_restore_brings_back_what_was_not_left_since(clients):
    """A restore does not bring back a subscription that has ended since."""
    clients.subscribe("digest", {"left": START}, began=0, asked={}, now=0)
    clients.unsubscribe("digest", ["left"], now=0)
    record = ConnectionRecord("digest", "1", {"kept": START, "left": START})

    stands = clients.restore(record, Known({"kept": 1, "left": 1}), now=1)

    assert set(stands) == {"kept"} and stands.connections == ("1",)


def test_client_remembers_so_many_channels_that_it_left():
    """Beyond a limit the channels that a client left are forgotten all at once, and one time stands
    for all of them."""
    client = MemoryClient()
    client.leave({f"room:{number}": number + 1 for number in range(MOST_LEFT)})
    assert client.stands_at("room:0") == 1

    client.leave({"one more": 1000})

    assert not client.left
    assert client.stands_at("room:0") == client.stands_at("never") == 1000


def test_moments_of_a_client_only_grow(clock):
    """Two changes within a millisecond, or after the clock was set back, have different times."""
    client = MemoryClient()

    moments = [client.note_change(), client.note_change()]
    clock.now -= 3600
    moments.append(client.note_change())

    assert moments == sorted(set(moments))


def test_expired_clients_are_forgotten_in_pieces(clients):
    """Expired clients are dropped a few at a time, so that the registry's lock is held briefly."""
    for number in range(5):
        clients.subscribe(str(number), {"room": START}, began=0, asked={}, now=0)

    assert clients.drop_expired(now=11, most=3)
    assert not clients.drop_expired(now=11, most=3)
