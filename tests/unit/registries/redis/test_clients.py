"""Clients in Redis, as two processes see them."""

import contextlib
import threading

import pytest
import redis

from flask_realtime.config.settings import Config
from flask_realtime.errors import TooManyChannels
from flask_realtime.protocol.positions import Position
from flask_realtime.registries.records import ConnectionRecord
from flask_realtime.registries.redis import scripts
from flask_realtime.registries.redis.address import RedisAddress
from flask_realtime.registries.redis.clients import RedisClients
from flask_realtime.registries.redis.keys import RedisKeys
from flask_realtime.registries.redis.pool import RedisPool
from flask_realtime.registries.redis.scripts import with_text
from flask_realtime.registries.redis.server_time import TOO_LATE
from flask_realtime.registries.subscriptions import Known

from ....eventually import DEADLINE, eventually
from ....faults.tunnel import Tunnel

START = Position("e", 0, "")
DIGEST = "c" * 64


@pytest.fixture
def of(redis_url, tmp_path):
    """A function that returns the clients as a process of that name sees them."""
    with contextlib.ExitStack() as stack:

        def of(process, **settings):
            config = Config(redis=redis_url, **settings)
            pool = RedisPool(RedisAddress(redis_url, "url", DEADLINE), DEADLINE)
            stack.callback(pool.close)
            clients = RedisClients(pool, RedisKeys(tmp_path.name), config, process)
            return clients, pool.deadline

        yield of


@pytest.fixture
def told(redis_url, tmp_path):
    """A function that returns the next announcement that the process "other" receives."""
    with redis.Redis.from_url(redis_url) as client, client.pubsub() as listening:
        listening.subscribe(RedisKeys(tmp_path.name).process("other"))
        assert listening.get_message(timeout=DEADLINE)["type"] == "subscribe"

        def next_told():
            message = listening.get_message(timeout=DEADLINE)
            assert message is not None, "Nothing was told."
            return message["data"].decode()

        yield next_told


def test_subscribing_names_the_processes_that_have_the_client(of):
    """The processes that have the client's connections are told of a subscription, and no
    others."""
    clients, deadline = of("me")
    others, _ = of("other")
    assert clients.subscribe(DIGEST, {"room": START}, None, deadline()) == set()

    clients.connect(DIGEST, "1", None, (), deadline())
    others.connect(DIGEST, "1", None, (), deadline())

    assert clients.subscribe(DIGEST, {"hall": START}, None, deadline()) == {"me", "other"}
    assert clients.unsubscribe(DIGEST, ["hall"], deadline())[1] == {"me", "other"}


def test_other_processes_are_told_of_a_leave_in_its_own_step(of, told, redis_url, tmp_path):
    """A process takes a client off channels. Others are told of these in the same step, so that a
    process which halts behind it tells nobody too late. Itself it sends a mark alone, in step."""
    clients, deadline = of("me")
    others, _ = of("other")
    clients.connect(DIGEST, "1", None, (), deadline())
    others.connect(DIGEST, "1", None, (), deadline())
    with redis.Redis.from_url(redis_url) as client, client.pubsub() as own:
        own.subscribe(RedisKeys(tmp_path.name).process("me"))
        assert own.get_message(timeout=DEADLINE)["type"] == "subscribe"

        at, _ = clients.unsubscribe(DIGEST, ["hall", "room"], deadline(), mark=b"?a mark")

        assert [told(), told()] == [f"{DIGEST}\nhall\nroom\n*{at}", DIGEST]
        assert clients.subscriptions([DIGEST], deadline())[DIGEST].left["room"] == at
        assert own.get_message(timeout=DEADLINE)["data"] == b"?a mark"


def test_process_sees_its_own_connections_of_a_client(of):
    """Two processes may use the same name for their connections of a client."""
    clients, deadline = of("me")
    others, _ = of("other")
    for one, name in ((clients, "1"), (others, "1"), (others, "2")):
        one.connect(DIGEST, name, None, (), deadline())
    clients.subscribe(DIGEST, {"room": START}, None, deadline())

    assert clients.subscriptions([DIGEST], deadline())[DIGEST].connections == ["1"]
    others.forget_connection(ConnectionRecord(DIGEST, "1", {}), deadline())

    assert clients.subscriptions([DIGEST], deadline())[DIGEST].connections == ["1"]
    assert others.subscriptions([DIGEST], deadline())[DIGEST].connections == ["2"]


def test_channels_may_be_called_as_the_fields_of_a_client_are(of):
    """Channels may have the names of a client's own fields, or names with colons, spaces or any
    letter."""
    clients, deadline = of("me")
    names = ["since:a", "sent:b", "left:c", "connections", "a b", "ü"]
    clients.subscribe(DIGEST, dict.fromkeys(names, START), None, deadline())
    clients.unsubscribe(DIGEST, ["left:c"], deadline())

    found = clients.subscriptions([DIGEST], deadline())[DIGEST]

    assert set(found) == set(names) - {"left:c"} and set(found.left) == {"left:c"}


def test_client_of_too_many_channels_is_told_of_its_limit(of):
    """A subscription beyond the limit is an error, and changes nothing."""
    clients, deadline = of("me", max_channels_per_page=2)
    clients.subscribe(DIGEST, {"a": START}, None, deadline())

    with pytest.raises(TooManyChannels, match="2"):
        clients.subscribe(DIGEST, {"b": START, "c": START}, None, deadline())

    assert set(clients.subscriptions([DIGEST], deadline())[DIGEST]) == {"a"}


def test_client_that_is_written_again_is_told_to_the_others_that_have_it(of, told):
    """A client is written again. Other processes with connections of it are told, since they may
    know less."""
    clients, deadline = of("me")
    others, _ = of("other")
    others.connect(DIGEST, "1", None, (), deadline())
    record = ConnectionRecord(DIGEST, "1", {"room": START})

    [stands] = clients.restore([(record, Known({"room": 1}))], deadline())

    assert set(stands) == {"room"} and told() == DIGEST


def test_what_waits_is_for_one_page_and_given_to_one_taker(of):
    """Pages of a session share one list in Redis. Each gets its own changes only."""
    clients, deadline = of("me")
    page, sibling = "1" * 32 + "s" * 32, "2" * 32 + "s" * 32
    clients.deposit(page, "for one\nin two lines", "", deadline())
    clients.deposit(sibling, "for the other", "", deadline())

    assert clients.connect(page, "1", None, (), deadline()).waiting == ["for one\nin two lines"]
    assert clients.collect(page, "taker", deadline()) == ["for one\nin two lines"]

    assert clients.collect(page, "somebody else", deadline()) == []
    assert clients.connect(page, "2", None, (), deadline()).waiting == []
    assert clients.collect(sibling, "taker", deadline()) == ["for the other"]


@pytest.mark.parametrize(
    ("script", "more"), [(scripts.SUBSCRIBE, ()), (scripts.SUBSCRIBE_AT_TAILS, (1000, "9:9:9"))]
)
def test_subscription_that_comes_too_late_changes_nothing(of, store, tmp_path, script, more):
    """A subscription reaches Redis after its deadline. It is not made: its caller has given up, and
    would not notice that the user was removed since."""
    keys, (clients, deadline) = RedisKeys(tmp_path.name), of("me")
    channel = keys.channel("room")
    named = [keys.client(DIGEST), keys.session_of(DIGEST), keys.list, channel.state, channel.log]

    command = script(named if more else named[:2], (1000, 10, 0, "", 1, *more, "room", "e:0:", 0))

    assert store.client.execute_command(*with_text(command)) == TOO_LATE
    assert clients.subscriptions([DIGEST], deadline()) == {DIGEST: None}
    assert store.client.exists(*named) == 0


def test_item_whose_answer_was_lost_waits_once(store):
    """A link broke between an item for a browser and its reply, and the item is sent again. It does
    not wait behind what another socket has changed since, which it would change back."""
    port = store.client.connection_pool.connection_kwargs["port"]
    near = store.open()
    with contextlib.closing(Tunnel(port)) as tunnel:
        far = store.open(REDIS=f"redis://127.0.0.1:{tunnel.port}/0")
        far.subscribe(DIGEST, ["room"])
        tunnel.swallow(("down",))

        thread = threading.Thread(target=lambda: far.deposit(DIGEST, "dark"))
        thread.start()
        eventually(lambda: near.connect(DIGEST, "1").waiting == ["dark"])
        near.deposit(DIGEST, "light")
        tunnel.cut()
        thread.join()
        far.close()

    assert near.collect(DIGEST, "taker") == ["dark", "light"]
