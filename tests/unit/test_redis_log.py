"""A Redis that goes back: what a process does about pushes of its own that nobody has heard."""

import contextlib

import pytest
import redis

from flask_realtime.config import Config
from flask_realtime.errors import RegistryUnavailable
from flask_realtime.positions import Position
from flask_realtime.registries.base import Push
from flask_realtime.registries.redis import RedisRegistry
from flask_realtime.registries.redis_accepted import MOST_CHANNELS, RedisAccepted

from ..contract.recorder import Recorder

PLENTY = 1_000_000


class Store:
    """What the registries have in common."""

    def __init__(self, url, prefix):
        self.client = redis.Redis.from_url(url)
        self._url = url
        self._prefix = prefix
        self._opened = []

    def open(self, recorder=None, **settings):
        """One process's registry."""
        settings = {f"REALTIME_{name}": value for name, value in settings.items()}
        common = {"REALTIME_REDIS": self._url, "REALTIME_REDIS_PREFIX": self._prefix}
        registry = RedisRegistry(Config.from_mapping({**common, **settings}))
        registry.start((recorder or Recorder()).receiver())
        self._opened.append(registry)
        return registry

    def snapshot(self):
        """What stands there, for :meth:`go_back`."""
        return {key: self.client.dump(key) for key in self.client.keys(f"{self._prefix}:*")}

    def go_back(self, snapshot):
        """Have what stood there, and nothing else; nobody's connection breaks for it."""
        for key in self.client.keys(f"{self._prefix}:*"):
            self.client.delete(key)
        for key, value in snapshot.items():
            self.client.restore(key, 0, value)

    def spoil(self, channel):
        """Have every push on *channel* refused."""
        self.client.set(f"{self._prefix}:channel:{{{channel}}}:state", "no hash")

    def break_connections(self):
        """As a restart does."""
        self.client.client_kill_filter(_type="normal", skipme=True)

    @contextlib.contextmanager
    def without_its_master(self):
        """Have everything refused for a while."""
        self.client.config_set("replica-serve-stale-data", "no")
        self.client.replicaof("127.0.0.1", 1)
        yield
        self.client.replicaof("no", "one")
        self.client.config_set("replica-serve-stale-data", "yes")

    def close(self):
        for registry in self._opened:
            registry.close()
        self.client.close()


@pytest.fixture
def store(redis_url, tmp_path):
    opened = Store(redis_url, tmp_path.name)
    yield opened
    opened.close()


def push(registry, payload, channel="a"):
    """Where its log stands then."""
    return registry.publish([Push(channel, payload, None)])[0]


def is_told(registry, cursor):
    """Whether one who stands there, and knows of nothing that was lost, is told that it is."""
    return registry.read({"a": cursor}, PLENTY, renew=False)["a"].lost


@pytest.mark.parametrize("others", [0, 1, 2])
def test_next_push_finds_that_the_log_went_back(store, others):
    """However many others pushed first, and so gave the lost numbers a second time."""
    pusher, other = store.open(), store.open()
    heard = push(pusher, "1")
    snapshot = store.snapshot()
    push(pusher, "lost")
    store.go_back(snapshot)
    for number in range(others):
        push(other, f"{number}")

    position = push(pusher, "new")

    assert is_told(other, heard)
    assert position == (position.epoch, 1, position.tag)
    assert position.epoch != heard.epoch


def test_next_push_of_several_is_appended_behind_the_first(store):
    """The first finds that the log went back; those behind it in the same call belong to it."""
    pusher = store.open()
    push(pusher, "1")
    snapshot = store.snapshot()
    push(pusher, "lost")
    store.go_back(snapshot)

    positions = pusher.publish([Push("a", text, None) for text in "234"])

    assert [one.seq for one in positions] == [1, 2, 3]
    assert len({one.epoch for one in positions}) == 1


def test_push_finds_what_a_failed_call_had_accepted(store):
    """A call of which one push was refused: the one before it counts as accepted."""
    pusher = store.open()
    heard = push(pusher, "1")
    snapshot = store.snapshot()
    store.spoil("b")
    with pytest.raises(RegistryUnavailable) as caught:
        pusher.publish([Push("a", "lost", "one"), Push("b", "refused", "two")])
    store.go_back(snapshot)

    push(pusher, "new")

    assert caught.value.accepted == ("a",)
    assert is_told(pusher, heard)


def test_log_that_others_went_on_with_is_kept(store):
    """What was trimmed may well have been there."""
    pusher, other = store.open(HISTORY_SIZE=2), store.open(HISTORY_SIZE=2)
    first = push(pusher, "1")
    for number in range(4):
        push(other, f"{number}")

    position = push(pusher, "new")

    assert (position.epoch, position.seq) == (first.epoch, 6)


def test_any_call_finds_that_logs_went_back_behind_a_lost_connection(store):
    """A process that pushes no more on that channel still asks for other things; those who
    listen are told to read, by what looks like the end of a hole."""
    heard_elsewhere = Recorder()
    pusher, listener = store.open(), store.open(heard_elsewhere)
    listener.listen(["a"])
    heard = push(pusher, "1")
    heard_elsewhere.wait_for_payload("1")
    snapshot = store.snapshot()
    push(pusher, "lost")
    store.go_back(snapshot)
    store.break_connections()

    pusher.matching("*")

    heard_elsewhere.wait_for(lambda: len(heard_elsewhere.publications) == 3)
    told = heard_elsewhere.publications[-1].position
    assert (told.seq, told.tag) == (0, "")
    assert told.epoch != heard.epoch
    assert is_told(listener, heard)


def test_lost_connection_alone_harms_no_log(store):
    """Nothing went back: nobody is told of a loss."""
    pusher = store.open()
    heard = push(pusher, "1")
    push(pusher, "2")
    store.break_connections()

    pusher.matching("*")

    assert not is_told(pusher, heard)
    assert push(pusher, "3").epoch == heard.epoch


def test_only_the_newest_channels_are_checked(store):
    """The first call over a new connection stays a small one."""
    pusher = store.open()
    first = push(pusher, "1")
    pusher.publish([Push(f"other {number}", "1", None) for number in range(MOST_CHANNELS)])
    store.break_connections()
    store.client.config_resetstat()

    pusher.matching("*")

    assert store.client.info("commandstats")["cmdstat_evalsha"]["calls"] == MOST_CHANNELS + 1
    assert push(pusher, "2").epoch == first.epoch


def test_check_that_redis_was_not_ready_for_is_made_again(store):
    """A Redis that loads its data, or waits for its master, refuses everything for a while."""
    pusher = store.open(REDIS_TIMEOUT_SECONDS=5)
    heard = push(pusher, "1")
    snapshot = store.snapshot()
    push(pusher, "lost")
    store.go_back(snapshot)
    store.break_connections()
    with store.without_its_master(), pytest.raises(RegistryUnavailable, match="MASTERDOWN"):
        pusher.matching("*")

    pusher.matching("*")

    assert is_told(pusher, heard)


def test_newest_position_counts_in_whatever_order_replies_are_noted():
    """Two threads push on one channel, and the second is the first to note it."""
    accepted = RedisAccepted(10)
    accepted.note("a", Position("e", 2, "b"))
    accepted.note("a", Position("e", 1, "a"))
    accepted.note("b", Position("e", 9, "i"))
    accepted.note("b", Position("f", 1, "j"))

    assert accepted.positions() == {"a": Position("e", 2, "b"), "b": Position("f", 1, "j")}
    assert accepted.positions({"b", "c"}) == {"b": Position("f", 1, "j")}
