"""Ends that arrive at Redis late, because the network delays them, or whose replies are lost."""

import contextlib
import threading

import pytest

from flask_realtime.errors import CloseCode, RegistryUnavailable
from flask_realtime.protocol.pushes import Push
from flask_realtime.registries.records import LATE_MS, ConnectionRecord, Disconnect, Grant
from flask_realtime.registries.redis.pool import RedisPool
from flask_realtime.registries.subscriptions import Known
from flask_realtime.threads import clock

from ....contract.recorder import Recorder
from ....eventually import DEADLINE, eventually
from ....faults.tunnel import Tunnel

USER, ROOM = "kim", "room:7"
PAGE = "a" * 32 + "5" * 32

ENDS = {
    "ban": lambda registry: registry.end_user(USER),
    "leave": lambda registry: registry.end_user(USER, ROOM),
    "order": lambda registry: registry.disconnect(Disconnect(user=USER)),
    "page": lambda registry: registry.disconnect(Disconnect(PAGE)),
}


@pytest.fixture
def heard():
    return Recorder()


@pytest.fixture
def near(store, heard):
    """A process with an undelayed way to Redis, which receives its announcements."""
    near = store.open(heard)
    near.listen(["any"])
    return near


def log_in(registry):
    """Open a page for the user, as after a log-in."""
    registry.subscribe(PAGE, [ROOM])
    registry.connect(PAGE, "1", USER)


def has_lost_nothing(store, near, heard):
    """Return whether the page may reconnect, and no process was told to close its sockets."""
    last = Disconnect(session="s")
    store.open().disconnect(last)
    heard.wait_for(lambda: last in heard.disconnected)
    arrival = near.connect(PAGE, "2", USER)
    is_told = heard.disconnected != [last] or heard.unsubscribed
    return not (arrival.has_ended or is_told) and set(arrival.subscriptions) == {ROOM}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
def test_end_that_arrives_after_its_time_does_nothing(store, near, heard, end):
    """An end arrives after its deadline. It is not recorded then, but sent again with its age,
    since the user may have logged in again."""
    port = store.client.connection_pool.connection_kwargs["port"]
    before = ids(store)
    with contextlib.closing(Tunnel(port)) as tunnel:
        far = store.open(REDIS=f"redis://127.0.0.1:{tunnel.port}/0", REDIS_TIMEOUT_SECONDS=0.5)
        eventually(lambda: is_subscribed(far))
        links = ids(store) - before
        tunnel.freeze(("up",))
        with pytest.raises(RegistryUnavailable):
            end(far)
        log_in(near)

        far.close()
        tunnel.thaw()
        # Redis has read everything that was delayed.
        eventually(lambda: not links & ids(store))

    assert has_lost_nothing(store, near, heard)


@pytest.fixture
def arrives_late(store):
    """A function that sends a request which reaches Redis after its deadline, and does something
    else between the deadline and then."""

    def send(request, meanwhile):
        port = store.client.connection_pool.connection_kwargs["port"]
        before = ids(store)
        with contextlib.closing(Tunnel(port)) as tunnel:
            far = store.open(REDIS=f"redis://127.0.0.1:{tunnel.port}/0", REDIS_TIMEOUT_SECONDS=0.5)
            far_time = far._own.get().clients._timely._time
            eventually(lambda: is_subscribed(far) and not far_time.questions())
            far.connect("b" * 64, "0")
            links = ids(store) - before
            tunnel.freeze(("up",))
            now = clock.monotonic()
            with pytest.raises(RegistryUnavailable):
                request(far, now)
            meanwhile()
            eventually(lambda: clock.monotonic() > now + 0.6)

            far.close()
            tunnel.thaw()
            eventually(lambda: not links & ids(store))

    return send


def test_request_that_arrives_after_its_time_grants_nothing(near, arrives_late):
    """It was answered 503, and its user was put out of the room before Redis got it."""
    near.subscribe(PAGE, ["own"])

    arrives_late(
        lambda far, now: far.subscribe(PAGE, [ROOM], Grant(USER, now, {ROOM: now})),
        lambda: near.end_user(USER, ROOM),
    )

    assert set(near.connect(PAGE, "1", USER).subscriptions) == {"own"}


def test_leave_that_arrives_after_its_time_takes_nothing_back(near, arrives_late):
    """A leave reaches Redis after its deadline, and the page has joined the room again since. The
    page stays in the room."""
    near.subscribe(PAGE, [ROOM])

    arrives_late(
        lambda far, now: far.unsubscribe(PAGE, [ROOM]), lambda: near.subscribe(PAGE, [ROOM])
    )

    assert set(near.connect(PAGE, "1", USER).subscriptions) == {ROOM}


def test_handshake_that_arrives_after_its_time_leaves_no_connection(near, arrives_late):
    """A handshake reaches Redis after its deadline. It leaves no entry, which would count as the
    page's latest connection: the positions of the page's real socket would not be recorded, and the
    page would get messages twice."""
    near.subscribe(PAGE, [ROOM])

    arrives_late(lambda far, now: far.connect(PAGE, "9"), lambda: near.connect(PAGE, "1"))
    [at] = near.publish([Push(ROOM, "1", None)])
    near.forget_connection(ConnectionRecord(PAGE, "1", {ROOM: at}))

    assert near.connect(PAGE, "2").subscriptions[ROOM].sent == at


def test_request_is_granted_though_the_clock_of_redis_was_set_forward(store):
    """Redis's clock was set forward. What the process knew of that clock does not count, and the
    subscription is made."""
    far, now = store.open(), clock.monotonic()
    far.subscribe("b" * 64, [ROOM])
    known = far._own.get().clients._timely._time
    known._ahead -= 3600

    far.subscribe(PAGE, [ROOM], Grant(USER, now, {ROOM: now}))

    assert set(far.connect(PAGE, "1", USER).subscriptions) == {ROOM}
    assert known.questions() == ()


def is_subscribed(registry):
    with contextlib.suppress(RegistryUnavailable):
        registry.subscribe("b" * 64, [ROOM])
        return True


def ids(store):
    return {one["id"] for one in store.client.client_list()}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
def test_end_that_is_held_up_behind_its_first_step_does_nothing(
    store, near, heard, end, monkeypatch
):
    """Redis has answered the first step, and gets the end itself after its caller gave up. The end
    is not recorded."""
    log_in(near)

    with monkeypatch.context() as patch:
        patch.setattr(RedisPool, "over_at", lambda pool, deadline: 1)
        with pytest.raises(RegistryUnavailable, match="too late"):
            end(store.open())

    assert has_lost_nothing(store, near, heard)


def test_end_whose_answer_was_lost_is_the_first_end_all_the_same(store, near):
    """A link broke between an end and its reply, and the end is sent again. It still counts as the
    first end; otherwise the browser that changed a password would get no sockets until a
    log-out."""
    port = store.client.connection_pool.connection_kwargs["port"]
    told = []
    with contextlib.closing(Tunnel(port)) as tunnel:
        far = store.open(REDIS=f"redis://127.0.0.1:{tunnel.port}/0")
        far.subscribe("b" * 64, [ROOM])
        tunnel.swallow(("down",))

        thread = threading.Thread(target=lambda: told.append(far.end_session("s", "", 0, "next")))
        thread.start()
        eventually(lambda: near.has_ended(["s"]))
        tunnel.cut()
        thread.join()
        far.close()

    assert told == [0]
    assert near.end_session("s", "", 0, "other") > 0


def test_order_that_is_heard_late_leaves_the_page_of_a_later_log_in(store, near):
    """The network delays the announcement of a ban. A page that was opened since comes back, in
    place of ending for good."""
    heard = Recorder()
    port = store.client.connection_pool.connection_kwargs["port"]
    with contextlib.closing(Tunnel(port)) as tunnel:
        far = store.open(heard, REDIS=f"redis://127.0.0.1:{tunnel.port}/0")
        far.listen(["any"])
        tunnel.freeze(("down",))
        near.disconnect(Disconnect(user=USER))
        given = clock.monotonic()
        eventually(lambda: clock.monotonic() > given + LATE_MS / 1000 + 0.1)
        tunnel.thaw()
        heard.wait_for(lambda: len(heard.disconnected) == 2)

    ended, come_back = heard.disconnected
    assert (ended.user, ended.code) == (USER, CloseCode.NORMAL)
    assert given - 1 < ended.opened_before < given + 1
    assert come_back == Disconnect(user=USER, code=CloseCode.SERVICE_RESTART)


@pytest.fixture(params=["asked just before", "has not asked for a while"])
def delayed(store, near, request):
    """A function that makes a request which the network delays, until the user's end some time
    later; Redis is told of that end last. It is given the request and the arguments of the end. The
    process has asked Redis for its time just before, or not for a while."""

    def send(make, *end):
        port = store.client.connection_pool.connection_kwargs["port"]
        with contextlib.closing(Tunnel(port)) as tunnel:
            url = f"redis://127.0.0.1:{tunnel.port}/0"
            far = store.open(REDIS=url, REDIS_TIMEOUT_SECONDS=DEADLINE)
            far_time = far._own.get().clients._timely._time
            eventually(lambda: is_subscribed(far) and not far_time.questions())
            far.connect("b" * 64, "0")
            if request.param == "has not asked for a while":
                far_time.forget()
            tunnel.freeze(("up",))
            asked = clock.monotonic()
            thread = threading.Thread(target=make, args=(far, asked))
            thread.start()
            eventually(lambda: clock.monotonic() > asked + 0.2)
            ended = clock.monotonic()
            eventually(lambda: clock.monotonic() > ended + 0.2)
            tunnel.thaw()
            thread.join(DEADLINE)
        near.end_user(USER, *end, age=round((clock.monotonic() - ended) * 1000))

    return send


NEWS_OF_A_PAGE = {
    "subscribed": lambda far, asked: far.subscribe(PAGE, [ROOM], Grant(USER, asked, {})),
    "connected": lambda far, asked: far.connect(PAGE, "1", USER, (), asked),
    "restored": lambda far, asked: far.restore([(ConnectionRecord(PAGE, "1", {}, asked), Known())]),
}


@pytest.mark.parametrize("news", NEWS_OF_A_PAGE.values(), ids=NEWS_OF_A_PAGE.keys())
def test_page_that_was_asked_for_before_a_ban_is_older_than_the_ban(near, delayed, news):
    """The network delays the first news of a page until the user is banned, and Redis hears of both
    later, first of the page. The page may not open."""
    delayed(news)

    assert near.connect(PAGE, "2", USER).has_ended


def test_room_that_was_asked_for_before_the_removal_from_it_ends(near, delayed):
    """The network delays a subscription until the user is removed from the room, and Redis hears of
    both later, first of the subscription. The page does not keep the room."""
    near.subscribe(PAGE, ["own"])

    delayed(lambda far, asked: far.subscribe(PAGE, [ROOM], Grant(USER, asked, {ROOM: asked})), ROOM)

    assert set(near.connect(PAGE, "1", USER).subscriptions) == {"own"}
