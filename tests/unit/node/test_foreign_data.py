"""Something else stands in Redis where a process looks for its own data."""

import pytest

from flask_realtime.hub import reconciler

from ...eventually import eventually
from ..handshakes import Page
from .test_leaving_unheard import nodes, push

__all__ = ["nodes"]


@pytest.fixture
def pages(nodes, monkeypatch):
    """Two pages on the channel "both", and each on one of its own."""
    monkeypatch.setattr(reconciler, "RETRY_SECONDS", 0.1)
    node = nodes[0].node
    names = ("first", "second")
    with (
        Page(node, connection_id="the-first-of-two-pages") as first,
        Page(node, connection_id="the-second-of-two-pages") as second,
    ):
        for name, page in zip(names, (first, second), strict=True):
            node.registry.subscribe(page.connection.digest, ["both", name])
        eventually(lambda: len(node._delivery.live_tails(["both", *names])) == 3)
        eventually(lambda: len(node._hub.reached(second.connection)) == 2)
        yield first, second


@pytest.fixture
def replace(nodes):
    """Lets Redis have a text under a key, until the end of the test."""
    pool, keys = nodes[0].node.registry._pool, []

    def replace(key):
        keys.append(key)
        assert pool.run([("DEL", key), ("SET", key, "not ours")], pool.deadline())[1] == b"OK"

    yield replace
    pool.run([("DEL", *keys)], pool.deadline())


def lose_link(node):
    """Have the process hear Redis anew."""
    node.registry._own.get().hearing._listener.drop("a test")


def test_log_of_another_kind_keeps_no_other_channel_from_being_heard(nodes, pages, replace):
    """One channel's key holds something else. The process loses its link to Redis, and then hears
    all other channels."""
    here, elsewhere = nodes
    replace(here.node.registry._keys.channel("first").state)
    lose_link(here.node)
    eventually(lambda: here.node._delivery.paused(["first", "second", "both"]) == ["first"])

    push(elsewhere, "for both", name="both")

    for page in pages:
        assert page.receive_payloads(1) == ["for both"]


def test_client_of_another_kind_keeps_no_other_from_its_channels(nodes, pages, replace):
    """One client's key holds something else. The process loses its link to Redis. The other client
    comes to a new channel, and is kept from expiring."""
    here, elsewhere = nodes
    first, second = (page.connection for page in pages)
    registry = here.node.registry
    replace(registry._keys.client(first.digest))
    lose_link(here.node)
    elsewhere.node.registry.subscribe(second.digest, ["new"])

    eventually(lambda: "new" in here.node._hub.channels(second))
    lives = ("PTTL", registry._keys.client(second.digest))
    shorten = ("PEXPIRE", lives[1], 5000)
    registry._pool.run([shorten], registry._pool.deadline())
    here.node._reconciler.refresh()
    assert registry._pool.run([lives], registry._pool.deadline())[0] > 5000
