"""What a new connection asks Redis about ended sessions and users."""

import contextlib
from dataclasses import replace

import pytest

from flask_realtime.config.settings import Config
from flask_realtime.errors import CloseCode
from flask_realtime.protocol.positions import Position
from flask_realtime.registries.records import Disconnect, Grant
from flask_realtime.registries.redis import disconnects, tombstones
from flask_realtime.registries.redis.keys import RedisKeys
from flask_realtime.registries.redis.tombstones import RedisTombstones
from flask_realtime.registries.subscriptions import Subscription, Subscriptions
from flask_realtime.threads import clock
from tests.contract.recorder import Recorder
from tests.eventually import eventually

PAGE = "a" * 32 + "5" * 32


def test_connection_of_a_stranger_asks_nothing_more():
    """An app without users and with one secret key reads no additional key."""
    part = RedisTombstones(None, RedisKeys("p"), Config())

    assert part.questions(None, ()) == []
    assert len(part.questions("42", ["s1", "s2"])) == 3


@pytest.mark.parametrize(
    ("began", "replies", "is_refused"),
    [
        (5, [], False),
        (5, [0, [None, None]], False),
        (5, [0, 1], True),
        (5, [[b"5", None]], True),
        (5, [[b"4", None]], False),
        (0, [[b"5", None]], False),
        (5, [[None, b"9"]], False),
    ],
)
def test_client_is_refused_whose_session_or_user_has_ended(began, replies, is_refused):
    """A client is refused if its session has ended, also under another digest, or if its page is
    older than its user's end."""
    assert RedisTombstones.is_refused(began, replies) is is_refused


def test_client_that_subscribed_after_its_user_was_put_out_asks_nothing_more():
    """A handshake usually takes one round trip."""
    part = RedisTombstones(None, RedisKeys("p"), Config())
    later = Subscriptions({"a": Subscription(Position.start(), moment=6)})

    assert part.lost("42", later, [0, [None, b"5"]], None) == {}
    assert part.lost("42", None, [[None, b"5"]], None) == {}
    assert part.lost(None, later, [], None) == {}


def test_page_that_asks_again_while_its_socket_comes_is_let_in(store, monkeypatch):
    """A user is put out of a channel while a page of the user is away. The page's socket comes
    back, and in the middle of that a request lets the page in again. The page stays."""
    here, elsewhere = store.open(), store.open()
    here.subscribe(PAGE, ["room", "hall"])
    here.end_user("42", "room")
    here.end_user("42", "hall")
    lost, ended_at = RedisTombstones.lost, clock.monotonic()

    def let_in_meanwhile(*args):
        found = lost(*args)
        # A time within Redis has whole ms.
        eventually(lambda: clock.monotonic() > ended_at + 0.005)
        now = clock.monotonic()
        elsewhere.subscribe(PAGE, ["room"], Grant("42", now, {"room": now}))
        return found

    monkeypatch.setattr(RedisTombstones, "lost", let_in_meanwhile)

    assert set(here.connect(PAGE, "1", "42").subscriptions) == {"room"}


def test_user_who_leaves_ever_more_channels_takes_no_more_memory(store, monkeypatch, tmp_path):
    """Redis remembers the latest channels that a user was removed from, and does not walk through
    all of them."""
    monkeypatch.setattr(tombstones, "MOST_LEFT_BY_USER", 10)
    registry = store.open()
    registry.end_user("kim")

    for number in range(50):
        registry.end_user("kim", str(number), 1000 * (50 - number))

    fields = store.client.hgetall(RedisKeys(tmp_path.name).user("kim"))
    assert len(fields) <= 10
    assert {b"ended", b"latest", b"forgotten", b"left:48", b"left:49"} <= fields.keys()


@contextlib.contextmanager
def out_of_memory(client):
    client.config_set("maxmemory", 1)
    try:
        yield
    finally:
        client.config_set("maxmemory", 0)


@pytest.mark.parametrize("had_page", [False, True])
@pytest.mark.parametrize("end", [("end_session", "5" * 32), ("end_user", "kim")])
def test_who_has_ended_stays_out_of_a_redis_out_of_memory(store, end, had_page):
    """Redis is out of memory, and admits sockets. It still records log-outs and bans, so that
    nobody reconnects through a process that has not heard of them."""
    asked, other = store.open(), store.open()
    page, verb, name = "a" * 32 + "5" * 32, *end
    if had_page or verb == "end_user":
        asked.connect(page, "1", "kim")

    with out_of_memory(store.client):
        getattr(asked, verb)(name)
        has_ended = [one.connect(page, "2", "kim").has_ended for one in (asked, other)]
        stranger = other.connect("b" * 32 + "6" * 32, "3", "lou")

    assert has_ended == [True, True]
    assert not stranger.has_ended


def test_who_was_put_out_of_a_channel_stays_out_of_it_while_redis_is_out_of_memory(store):
    """A user is removed from a channel while Redis is out of memory. The page reconnects to another
    process without the channel."""
    asked, other = store.open(), store.open()
    page = "a" * 32 + "5" * 32
    asked.subscribe(page, ["kept", "left"])

    with out_of_memory(store.client):
        asked.end_user("kim", "left")
        arrival = other.connect(page, "1", "kim")

    assert set(arrival.subscriptions) == {"kept"}


def test_clock_that_is_set_back_lets_nobody_end_what_took_the_place_of_a_session(store, tmp_path):
    """Redis has failed over to a machine whose clock is behind, so that a session's end seems to
    lie in the future. A copy of the session's cookie ends the session again; its successor still
    works."""
    registry = store.open()
    registry.end_session("s", successor="next")
    key = RedisKeys(tmp_path.name).session("s")
    store.client.hincrby(key, "ended", 60_000)

    assert registry.end_session("s") == 1

    assert not registry.has_ended(["next"])


CLIENTS = {
    "a" * 32 + "1" * 32: None,
    "b" * 32 + "2" * 32: "banned",
    "c" * 32 + "3" * 32: "kicked",
    "d" * 32 + "4" * 32: "stays",
    "e" * 32 + "5" * 32: None,
}


@pytest.fixture
def deaf(store, monkeypatch):
    """A registry whose process does not receive Redis any more; ``deaf.told`` records what it is
    told."""
    monkeypatch.setattr(disconnects, "MOST_KEPT", 100)
    monkeypatch.setattr(disconnects, "NOTICED_SECONDS", 0)
    recorder = Recorder()
    registry = store.open(recorder)
    registry.told = recorder.disconnected
    for digest, user in CLIENTS.items():
        registry.connect(digest, digest[:1], user)
    own = registry._own.get()
    own.hearing.close()
    own.disconnects.note_loss()
    lost_at = clock.monotonic()
    # A time within Redis has whole ms.
    eventually(lambda: clock.monotonic() > lost_at + 0.002)
    return registry


def test_log_outs_of_strangers_close_no_other_sockets(deaf, store):
    """Strangers log out in great numbers while a process receives nothing. It closes the sockets of
    ended sessions, and no others."""
    other = store.open()
    other.end_session("1" * 32)
    other.end_user("banned")
    other.end_user("kicked", "room")
    for number in range(300):
        other.disconnect(Disconnect(session=f"{number:032}"))

    deaf.replay_disconnects(CLIENTS)

    told = [replace(one, opened_before=0) for one in deaf.told]
    assert [one for one in told if one.session is None or one.session[:4] != "0000"] == [
        Disconnect(session="1" * 32, code=CloseCode.SESSION_CHANGED, opened_before=0),
        Disconnect(user="banned", code=CloseCode.SERVICE_RESTART, opened_before=0),
        Disconnect(user="kicked", code=CloseCode.SERVICE_RESTART, opened_before=0),
    ]
    assert deaf.told[-1].opened_before <= clock.monotonic()


def test_all_sockets_come_back_where_tombstones_may_have_expired(deaf, store):
    """A process was cut off for so long that recorded ends may have expired. All its sockets close
    and reconnect."""
    other = store.open()
    for number in range(300):
        other.disconnect(Disconnect(session=f"{number:032}"))
    own = deaf._own.get()
    own.disconnects._deaf_since -= Config().disconnect_timeout_seconds / 2 + 1

    deaf.replay_disconnects(CLIENTS)

    everybody = Disconnect(code=CloseCode.SERVICE_RESTART)
    assert everybody in [replace(one, opened_before=everybody.opened_before) for one in deaf.told]
