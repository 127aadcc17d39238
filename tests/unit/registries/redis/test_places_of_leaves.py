"""Where logs ended when a client left channels, beside processes of an earlier version."""

import pytest

from flask_realtime.errors import InvalidChannel
from flask_realtime.protocol.channels import check_name
from flask_realtime.protocol.positions import Position
from flask_realtime.protocol.pushes import Push
from flask_realtime.registries.redis.keys import RedisKeys

from ....eventually import DEADLINE

DIGEST = "c" * 64


class Earlier:
    """What processes of earlier versions write, which know of no place, or of the place alone."""

    def __init__(self, store):
        self._client = store.client
        self.key = RedisKeys(store.prefix).client(DIGEST)

    def subscribe(self, channel):
        since = f"e:0::{self._moment()}"
        self._client.hset(self.key, f"since:{channel}", since)
        self._client.hincrby(self.key, "channels", 1)
        self._client.hdel(self.key, f"left:{channel}")
        self._client.hincrby(self.key, "lefts", -1)

    def unsubscribe(self, channel):
        self._client.hdel(self.key, f"since:{channel}")
        self._client.hincrby(self.key, "channels", -1)
        self._client.hset(self.key, f"left:{channel}", self._moment())
        self._client.hincrby(self.key, "lefts", 1)

    def place(self, channel):
        """Return the place of a leave, as a process reads it that knows of no beginning there."""
        _, _, place = self._client.hget(self.key, f"end:{channel}").decode().partition(":")
        epoch, seq, tag = place.split(":")
        return Position(epoch, int(seq), tag)

    def lefts(self):
        """Return how many channels the client has left, as the hash counts them."""
        return int(self._client.hget(self.key, "lefts") or 0)

    def _moment(self):
        return self._client.hincrby(self.key, "at", 1)


@pytest.fixture
def registry(store):
    return store.open()


@pytest.fixture
def earlier(store, registry):
    """A client that has left channel "a" by a process of this version."""
    registry.subscribe(DIGEST, ["a"])
    registry.unsubscribe(DIGEST, ["a"])
    return Earlier(store)


def push(registry, text):
    (position,) = registry.publish([Push("a", f'"{text}"', text)])
    return position


def test_place_of_a_leave_before_another_counts_no_more(registry, earlier):
    """A client leaves a channel, and comes and leaves once more by processes of an earlier version.
    It leaves again by one of this version, which keeps no place from before that."""
    earlier.subscribe("a")
    push(registry, "heard")
    earlier.unsubscribe("a")
    last = push(registry, "late")

    registry.unsubscribe(DIGEST, ["a"])

    assert registry.subscriptions([DIGEST])[DIGEST].ends == {"a": last}


def test_place_of_the_first_leave_counts_where_a_client_leaves_twice(registry, earlier):
    """A client that has left a channel is put out of it once more. It has left at the first."""
    before = registry.subscriptions([DIGEST])[DIGEST].ends
    push(registry, "late")

    registry.unsubscribe(DIGEST, ["a"])

    assert registry.subscriptions([DIGEST])[DIGEST].ends == before != {}


def test_left_channels_are_counted_beside_an_earlier_version(registry, earlier):
    """A client comes again by a process of an earlier version, which leaves the place as it was,
    and then by one of this version. The hash counts no channel that the client has left."""
    assert earlier.lefts() == 1
    earlier.subscribe("a")

    registry.subscribe(DIGEST, ["a"])

    assert earlier.lefts() == 0
    assert registry.subscriptions([DIGEST])[DIGEST].ends == {}


def test_place_of_a_leave_is_read_by_an_earlier_version(registry, earlier):
    """Where the subscription had begun stands beside the place, in a form by which a process that
    knows of the place alone reads that, and lets the client's page come back."""
    stands = registry.subscriptions([DIGEST])[DIGEST]

    assert list(stands.begun) == ["a"]
    assert earlier.place("a")[:2] == stands.ends["a"][:2]


def test_leave_is_told_so_that_an_earlier_version_knows_the_client(store, registry):
    """The digest stands alone on the first line, and one name on each of the others, but for the
    moment: no channel has its name."""
    registry.subscribe(DIGEST, ["a", "b"])
    with store.client.pubsub() as heard:
        heard.subscribe(RedisKeys(store.prefix).process("other"))
        heard.get_message(timeout=DEADLINE)
        store.client.hset(RedisKeys(store.prefix).client(DIGEST), "connections", "other/1")
        registry.unsubscribe(DIGEST, ["a", "b"])

        digest, *names, moment = heard.get_message(timeout=DEADLINE)["data"].decode().split("\n")

    assert (digest, names) == (DIGEST, ["a", "b"])
    with pytest.raises(InvalidChannel):
        check_name(moment)
    assert moment[1:].isdigit()
