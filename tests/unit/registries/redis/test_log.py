"""Redis loses its latest data ("goes back"), which readers notice."""

import pytest

from flask_realtime.errors import RegistryUnavailable
from flask_realtime.protocol.positions import Position
from flask_realtime.protocol.pushes import Push
from flask_realtime.protocol.routes import TO_ALL, Route
from flask_realtime.protocol.starts import Start
from flask_realtime.registries.redis.appends import MOST_CHECKED

from ....contract.recorder import Recorder
from .store import PLENTY, is_told, push


def test_any_call_finds_that_logs_went_back_behind_a_lost_connection(store):
    """A process does not push on that channel any more. Its next call of any kind over a new
    connection notices the loss, and listeners are told to read."""
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
    """A connection breaks without a loss of data. Nobody is told of a loss."""
    pusher = store.open()
    heard = push(pusher, "1")
    push(pusher, "2")
    store.break_connections()

    pusher.matching("*")

    assert not is_told(pusher, heard)
    assert push(pusher, "3").epoch == heard.epoch


def test_only_the_newest_channels_are_checked(store):
    """The first call over a new connection checks only the newest channels, and stays small."""
    pusher = store.open()
    first = push(pusher, "1")
    pusher.publish([Push(f"other {number}", "1", None) for number in range(MOST_CHECKED)])
    store.break_connections()
    store.client.config_resetstat()

    pusher.matching("*")

    calls = store.client.info("commandstats")
    # One of the commands includes the script's text.
    assert calls["cmdstat_eval"]["calls"] == 1
    assert calls["cmdstat_evalsha"]["calls"] == MOST_CHECKED - 1 + 1
    assert push(pusher, "2").epoch == first.epoch


def test_check_that_redis_was_not_ready_for_is_made_again(store):
    """Redis is still loading its data, or waits for its master, and refuses the check. It is made
    again later."""
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


def test_reader_of_a_later_epoch_finds_that_the_log_went_back(store):
    """A reader names an epoch later than the log's. The log begins anew, so that pages which know
    neither epoch are told of the loss."""
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
    """The clock was set back, and two processes begin a new log from the same position. The two
    logs have different epochs."""
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
    """A client invents an epoch for an unknown channel. It is ignored."""
    registry = store.open()
    page = registry.read({"a": Position("9999999999999fff", 1, "b2")}, PLENTY, renew=False)["a"]

    position = push(registry, "1")

    assert position.epoch == page.tail.epoch < "9"


def test_log_begun_anew_lives_as_long_as_its_app_wants(store):
    """A job that does not know the app's settings pushes. The channel keeps the app's lifetime."""
    app = store.open(DISCONNECT_TIMEOUT_SECONDS=1_000_000)
    job = store.publisher()
    job.push("1", "a")
    app.refresh([], ["a"])
    snapshot = store.snapshot()
    job.push("lost", "a")
    store.go_back(snapshot)

    job.push("new", "a")

    assert app.read({"a": None}, PLENTY)["a"].tail.seq == 1
    assert store.client.ttl(f"{store.prefix}:channel:{{a}}:state") > 900_000


def test_channels_are_listed_again_by_whoever_hears_them(store):
    """Redis has evicted the list of channels alone. After the next refresh patterns reach all
    channels with listeners again."""
    registry = store.open()
    registry.subscribe("client", ["heard", "not heard"])
    registry.matching("*")
    store.client.delete(f"{store.prefix}:channels")

    registry.refresh([], ["heard"])

    assert registry.matching("*") == ["heard"]


def looks_and_first(store, registry, channel, last):
    """Subscribe a new page some messages back; return how often Redis looked into the log, and the
    payload with which the page begins."""
    digest = f"{channel}-{last}"
    store.client.config_resetstat()
    registry.subscribe(digest, {channel: Start(last=last)})
    looks = store.client.info("commandstats")["cmdstat_xrange"]["calls"]
    begins = registry.subscriptions([digest])[digest][channel].begins
    return looks, registry.read({channel: begins}, 1)[channel].publications[0].payload


def test_page_that_begins_some_messages_back_has_none_of_them_read_twice(store):
    """A page subscribes with last=, and each entry of the log is for it. Redis looks at the first
    of them only, since reading megabytes for each page would take milliseconds."""
    registry = store.open()
    routes = {"all": Route("html"), "some": Route(to="other")}
    for channel, route in routes.items():
        pushes = [Push(channel, str(number), None, TO_ALL) for number in range(500)]
        pushes[450] = Push(channel, "450", None, route)
        registry.publish(pushes)

    assert looks_and_first(store, registry, "all", 400) == (1, "100")
    assert looks_and_first(store, registry, "some", 49) == (1, "451")
    assert looks_and_first(store, registry, "some", 400) == (3, "99")
