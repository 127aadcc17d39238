"""A Redis that goes back: what a process does about pushes of its own that nobody has heard."""

import contextlib
import os

import pytest
import redis

from flask_realtime import Publisher
from flask_realtime.config.settings import Config
from flask_realtime.errors import RegistryUnavailable
from flask_realtime.protocol.positions import Position
from flask_realtime.protocol.pushes import Push
from flask_realtime.registries.redis.accepted import MOST_CHANNELS, RedisAccepted
from flask_realtime.registries.redis.batches import COMMANDS_AT_ONCE
from flask_realtime.registries.redis.connection import ConnectionLost, RedisConnection
from flask_realtime.registries.redis.log import MOST_CHECKED
from flask_realtime.registries.redis.registry import RedisRegistry
from flask_realtime.registries.redis.resp import ErrorReply

from ....contract.recorder import Recorder
from ....eventually import eventually

PLENTY = 1_000_000


class Store:
    """What the registries have in common."""

    def __init__(self, url, prefix):
        self.client = redis.Redis.from_url(url)
        self._url = url
        self.prefix = prefix
        self._opened = []

    def open(self, recorder=None, **settings):
        """One process's registry."""
        settings = {f"REALTIME_{name}": value for name, value in settings.items()}
        common = {"REALTIME_REDIS": self._url, "REALTIME_REDIS_PREFIX": self.prefix}
        registry = RedisRegistry(Config.from_mapping({**common, **settings}))
        registry.start((recorder or Recorder()).receiver())
        self._opened.append(registry)
        return registry

    def publisher(self):
        """A job elsewhere."""
        publisher = Publisher(self._url, prefix=self.prefix)
        self._opened.append(publisher)
        return publisher

    def snapshot(self):
        """What stands there, for :meth:`go_back`."""
        return {key: self.client.dump(key) for key in self.client.keys(f"{self.prefix}:*")}

    def go_back(self, snapshot):
        """Have what stood there, and nothing else; nobody's connection breaks for it."""
        for key in self.client.keys(f"{self.prefix}:*"):
            self.client.delete(key)
        for key, value in snapshot.items():
            self.client.restore(key, 0, value)

    def spoil(self, channel):
        """Have every push on *channel* refused."""
        self.client.set(f"{self.prefix}:channel:{{{channel}}}:state", "no hash")

    def break_connections(self):
        """As a restart does."""
        self.client.client_kill_filter(_type="normal", skipme=True)

    @contextlib.contextmanager
    def without_its_master(self):
        """Have everything refused for a while."""
        self.client.config_set("replica-serve-stale-data", "no")
        self.client.replicaof("127.0.0.1", 1)
        try:
            yield
        finally:
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
    pusher.publish([Push(f"other {number}", "1", None) for number in range(MOST_CHECKED)])
    store.break_connections()
    store.client.config_resetstat()

    pusher.matching("*")

    calls = store.client.info("commandstats")
    # One of them brings the text.
    assert calls["cmdstat_eval"]["calls"] == 1
    assert calls["cmdstat_evalsha"]["calls"] == MOST_CHECKED - 1 + 1
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


def test_log_that_goes_back_twice_is_found_each_time(store):
    """Redis in a loop of crashes: what is known of the log between them is of an epoch that Redis
    never heard of, and later than its own."""
    pusher, other = store.open(), store.open()
    heard = push(pusher, "1")
    snapshot = store.snapshot()
    for _ in range(3):
        push(pusher, "lost")
        store.go_back(snapshot)

    position = push(pusher, "new")

    assert is_told(other, heard)
    assert position.seq == 1


def test_reader_of_a_later_epoch_finds_that_the_log_went_back(store):
    """So that those are told who know of neither."""
    pusher, other = store.open(), store.open()
    heard = push(pusher, "1")
    snapshot = store.snapshot()
    push(pusher, "lost")
    store.go_back(snapshot)
    between = push(pusher, "lost as well")
    store.go_back(snapshot)

    page = other.read({"a": between}, PLENTY)["a"]

    assert page.lost
    assert page.tail.epoch > between.epoch > heard.epoch
    assert is_told(other, heard)
    assert other.read({"a": between}, PLENTY)["a"].tail == page.tail


def test_histories_that_began_at_one_moment_are_two(store):
    """The clock was set back, and two processes begin the log anew, each from the same place."""
    registries = store.open(), store.open()
    heard = push(registries[0], "1")
    snapshot = store.snapshot()
    ahead = str(int(heard.epoch[:13]) + 10**9) + "fff"
    for registry in registries:
        store.go_back(snapshot)
        registry.read({"a": heard._replace(epoch=ahead)}, PLENTY)
        lost = push(registry, "lost")

    position = push(registries[0], "new")

    assert position.epoch[:13] > lost.epoch[:13]
    assert is_told(registries[1], lost)


def test_client_cannot_have_logs_begin_far_ahead(store):
    """An epoch that a client made up, for a channel that is not known."""
    registry = store.open()
    page = registry.read({"a": Position("9999999999999fff", 1, "b2")}, PLENTY, renew=False)["a"]

    position = push(registry, "1")

    assert position.epoch == page.tail.epoch < "9"


def test_push_is_remembered_longer_than_its_log(store):
    """A page may be away for longer than messages are kept; then it would be told, too."""
    pusher = store.open(HISTORY_TTL_SECONDS=1)
    heard = push(pusher, "1")
    snapshot = store.snapshot()
    push(pusher, "lost")
    eventually(lambda: not store.client.keys(f"{store.prefix}:*:log"))
    store.go_back(snapshot)

    push(pusher, "new")

    assert is_told(pusher, heard)


def test_repeated_push_finds_that_the_log_went_back(store):
    """Its own id is older than the snapshot, so that it is not appended again."""
    pusher = store.open()
    heard = pusher.publish([Push("a", "1", "id")])[0]
    snapshot = store.snapshot()
    push(pusher, "lost")
    store.go_back(snapshot)

    again = pusher.publish([Push("a", "1", "id"), Push("a", "2", None)])

    assert again[0] == heard
    assert again[1] == (again[1].epoch, 1, again[1].tag)
    assert is_told(pusher, heard)


def test_redis_that_goes_back_between_two_batches_is_found(store):
    """Of a call with more pushes than are sent together."""
    pusher = store.open()
    first = push(pusher, "1")
    snapshot = store.snapshot()
    pool = pusher._pool
    run = pool.run

    def run_and_go_back(commands, deadline):
        replies = run(commands, deadline)
        if len(commands) == COMMANDS_AT_ONCE:
            store.go_back(snapshot)
        return replies

    pool.run = run_and_go_back
    lost = [Push("a", "lost", None)] * COMMANDS_AT_ONCE
    positions = pusher.publish([*lost, Push("a", "2", None)])

    assert positions[-1].seq == 1
    assert is_told(pusher, first)


def test_log_begun_anew_lives_as_long_as_its_app_wants(store):
    """A job that pushes and does not know the app's settings shortens no channel's life."""
    app = store.open(DISCONNECT_TIMEOUT_SECONDS=1_000_000)
    job = store.publisher()
    app.subscribe("client", ["a"])
    job.push("1", "a")
    snapshot = store.snapshot()
    job.push("lost", "a")
    store.go_back(snapshot)

    job.push("new", "a")

    assert store.client.ttl(f"{store.prefix}:channel:{{a}}:state") > 900_000


def test_replies_stay_in_line_when_a_connection_breaks_while_a_script_is_sent(store, monkeypatch):
    """Redis forgot the script of a later push, and the connection broke before it had come."""
    registry = store.open()
    push(registry, "1", "b")
    exchange = RedisConnection.exchange

    def forget_and_break(connection, commands, deadline):
        if commands[0][0] == "EVAL":
            raise ConnectionLost("it broke", is_late=True)
        replies = exchange(connection, commands, deadline)
        return [*replies[:-1], ErrorReply("NOSCRIPT No matching script.")]

    monkeypatch.setattr(RedisConnection, "exchange", forget_and_break)
    with pytest.raises(RegistryUnavailable) as caught:
        registry.publish([Push("a", "1", "one"), Push("b", "2", "two")])

    assert caught.value.accepted == ("a",)
    assert caught.value.push_id == "two"


def test_process_forked_amid_a_push_pushes(store):
    """Another thread may have held any lock then."""
    publisher = store.publisher()
    publisher.push("1", "a")
    with publisher._log._accepted_here.get()._lock:
        child = os.fork()
        if not child:
            publisher.push("2", "a")
            os._exit(0)

    eventually(lambda: os.waitpid(child, os.WNOHANG)[0] == child)
    assert store.client.xlen(f"{store.prefix}:channel:{{a}}:log") == 2


def test_newest_position_counts_in_whatever_order_replies_are_noted():
    """Two threads push on one channel, and the second is the first to note it."""
    accepted = RedisAccepted(10)
    accepted.note("a", Position("e", 2, "b"))
    accepted.note("a", Position("e", 1, "a"))
    accepted.note("b", Position("f", 1, "j"))
    accepted.note("b", Position("e", 9, "i"))

    assert accepted.newest(2) == {"a": Position("e", 2, "b"), "b": Position("f", 1, "j")}
    assert accepted.positions({"b", "c"}) == {"b": Position("f", 1, "j")}


def test_only_the_newest_channels_are_remembered():
    """A process that pushes down ever new ones takes no memory for it."""
    accepted = RedisAccepted(10)
    position = Position("e", 1, "t")
    for number in range(MOST_CHANNELS + 1):
        accepted.note(str(number), position)

    assert accepted.positions(["0", "1"]) == {"1": position}
    assert list(accepted.newest(2)) == [str(MOST_CHANNELS - 1), str(MOST_CHANNELS)]
