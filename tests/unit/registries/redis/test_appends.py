"""Redis loses its latest data ("goes back"), among it pushes of this process that nobody has
received."""

import os

import pytest

from flask_realtime.errors import RegistryUnavailable
from flask_realtime.protocol.pushes import Push, make_pushes
from flask_realtime.registries.redis.appends import CHANNELS_AT_ONCE
from flask_realtime.registries.redis.batches import COMMANDS_AT_ONCE
from flask_realtime.registries.redis.connection import ConnectionLost, RedisConnection
from flask_realtime.registries.redis.resp import ErrorReply

from ....eventually import eventually
from .store import is_told, push


@pytest.mark.parametrize("others", [0, 1, 2])
def test_next_push_finds_that_the_log_went_back(store, others):
    """Redis has lost pushes. The next push notices, although others pushed meanwhile and used the
    lost numbers again."""
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
    """The first of several pushes in a call notices the loss; the others follow it in the new
    log."""
    pusher = store.open()
    push(pusher, "1")
    snapshot = store.snapshot()
    push(pusher, "lost")
    store.go_back(snapshot)

    positions = pusher.publish([Push("a", text, None) for text in "234"])

    assert [one.seq for one in positions] == [1, 2, 3]
    assert len({one.epoch for one in positions}) == 1


def test_push_finds_what_a_failed_call_had_accepted(store):
    """One push of a call was refused. The one before it counts as accepted."""
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
    """Others continued a log from which entries were trimmed. That is not taken for a loss."""
    pusher, other = store.open(HISTORY_SIZE=2), store.open(HISTORY_SIZE=2)
    first = push(pusher, "1")
    for number in range(4):
        push(other, f"{number}")

    position = push(pusher, "new")

    assert (position.epoch, position.seq) == (first.epoch, 6)


def test_log_that_goes_back_twice_is_found_each_time(store):
    """Redis crashes twice in a row. What is known of the log in between has an epoch that Redis
    never saw, later than its own; both losses are noticed."""
    pusher, other = store.open(), store.open()
    heard = push(pusher, "1")
    snapshot = store.snapshot()
    for _ in range(3):
        push(pusher, "lost")
        store.go_back(snapshot)

    position = push(pusher, "new")

    assert is_told(other, heard)
    assert position.seq == 1


def test_push_is_remembered_longer_than_its_log(store):
    """A page may be away for longer than messages are kept. It is told of the loss then, too."""
    pusher = store.open(HISTORY_TTL_SECONDS=1)
    heard = push(pusher, "1")
    snapshot = store.snapshot()
    push(pusher, "lost")
    eventually(lambda: not store.client.keys(f"{store.prefix}:*:log"))
    store.go_back(snapshot)

    push(pusher, "new")

    assert is_told(pusher, heard)


def test_repeated_push_finds_that_the_log_went_back(store):
    """The repeated push's id is older than the snapshot, so it is not appended again, and the loss
    is noticed."""
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
    """A call has more pushes than one batch, and Redis goes back between two batches. The loss is
    noticed."""
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


def test_replies_stay_in_line_when_a_connection_breaks_while_a_script_is_sent(store, monkeypatch):
    """Redis forgot the script of a later push, and the connection breaks before the script arrives.
    Each push gets its own reply."""
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
    """A process forks while another thread pushes and holds locks. The child can push."""
    publisher = store.publisher()
    publisher.push("1", "a")
    with publisher._redis.log._appends._accepted.get()._lock:
        child = os.fork()
        if not child:
            publisher.push("2", "a")
            os._exit(0)

    eventually(lambda: os.waitpid(child, os.WNOHANG)[0] == child)
    assert store.client.xlen(f"{store.prefix}:channel:{{a}}:log") == 2


def test_push_to_a_pattern_goes_on_from_where_its_deadline_was_over(store, monkeypatch):
    """A push to a pattern reaches its deadline. The error names the channels that have the push,
    and repeating its push id reaches the rest."""
    registry = store.open(MAX_CHANNELS_PER_PAGE=10_000)
    names = [f"row:{number}" for number in range(2 * CHANNELS_AT_ONCE + 500)]
    registry.subscribe("somebody", names)
    pushes = make_pushes("1", ["row:*"], registry.matching, "id")
    exchange, steps = RedisConnection.exchange, []

    def be_late(connection, commands, deadline):
        steps.append(len(commands))
        if len(steps) == 3:
            raise ConnectionLost("no answer in time", is_late=True)
        return exchange(connection, commands, deadline)

    with monkeypatch.context() as patched:
        patched.setattr(RedisConnection, "exchange", be_late)
        with pytest.raises(RegistryUnavailable) as caught:
            registry.publish(pushes)
    positions = registry.publish(pushes)

    assert steps == [1, 1, 1]
    assert caught.value.push_id == "id"
    assert caught.value.accepted == tuple(push.channel for push in pushes[: 2 * CHANNELS_AT_ONCE])
    assert {position.seq for position in positions} == {1}
    assert len(positions) == len(names)


def test_channel_that_cannot_take_a_pattern_harms_no_other(store):
    """Somebody else's key blocks one channel. The push reaches the others, and the error names
    them."""
    registry = store.open()
    registry.subscribe("somebody", ["a", "b", "c"])
    store.spoil("b")
    pushes = make_pushes("1", ["*"], registry.matching, "id")

    with pytest.raises(RegistryUnavailable, match="WRONGTYPE") as caught:
        registry.publish(pushes)

    assert sorted(caught.value.accepted) == ["a", "c"]
    assert [len(registry.read({name: None}, 1)) for name in "ac"] == [1, 1]
