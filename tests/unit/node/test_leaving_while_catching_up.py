"""A page leaves a channel unheard, and has a socket that still gets what it missed elsewhere."""

import threading

import pytest

from ...eventually import DEADLINE, eventually
from ..handshakes import Page
from .test_leaving_unheard import Deafness, nodes, page, push, received_until_end

__all__ = ["nodes", "page"]


@pytest.fixture
def gate():
    """What ends the catching up of the slow socket."""
    gate = threading.Event()
    yield gate
    gate.set()


@pytest.fixture
def slow(nodes, page, gate, monkeypatch):
    """A socket of a second tab, which hears the channels live, and has more to catch up with."""
    node = nodes[0].node
    mark = node._hub.mark_subscribed
    monkeypatch.setattr(node._hub, "mark_subscribed", lambda one: gate.wait(DEADLINE) and mark(one))
    monkeypatch.setattr(node._resumption._catch_up, "is_done", lambda starts: False)
    with Page(node) as slow:
        slow.connection.speaks = page.connection.speaks
        positions = node._hub._members.get(slow.connection).positions
        eventually(lambda: {"left": None, "kept": None}.items() <= positions.items())
        yield slow
        gate.set()


@pytest.fixture
def deafness(nodes, slow):
    """The process does not hear Redis."""
    deafness = Deafness(nodes[0].node)
    deafness.begin()
    yield deafness
    deafness.end()


def test_socket_that_catches_up_elsewhere_leaves_where_its_page_has_left(
    nodes, page, slow, deafness
):
    """While the process is cut off, another one takes the page off a channel, and pushes more. Both
    sockets of the page hear what was pushed before, and nothing that was pushed later."""
    _, elsewhere = nodes
    push(elsewhere, "farewell")
    elsewhere.node.registry.unsubscribe(page.connection.digest, ["left"])
    push(elsewhere, "too late")

    deafness.end()

    assert received_until_end(page, nodes) == ["farewell", "left left"]
    assert received_until_end(slow, nodes) == ["farewell", "left left"]


def test_socket_that_catches_up_elsewhere_hears_nothing_of_the_time_in_between(
    nodes, page, slow, gate, deafness
):
    """While the process is cut off, the page leaves the channel and is let in again. Its slow
    socket hears what was pushed since, once it has caught up."""
    here, elsewhere = nodes
    elsewhere.node.registry.unsubscribe(page.connection.digest, ["left"])
    push(elsewhere, "in between")
    elsewhere.node.registry.subscribe(page.connection.digest, ["left"])
    push(elsewhere, "back")

    deafness.end()
    assert page.receive()["left"]
    assert page.receive_payloads(1) == ["back"]
    gate.set()

    positions = here.node._hub._members.get(slow.connection).positions
    eventually(lambda: positions.get("left", "not yet") is None)
    push(elsewhere, "again")
    assert slow.receive()["left"]
    assert slow.receive_payloads(2) == ["back", "again"]


def test_socket_that_catches_up_stays_where_redis_has_lost_the_page(nodes, page, slow, deafness):
    """While the process is cut off, Redis loses all its data. The slow socket stays on its
    channels, on which the page is put again."""
    here, elsewhere = nodes
    digest, registry = page.connection.digest, elsewhere.node.registry
    registry._pool.run([("FLUSHALL",)], registry._pool.deadline())

    deafness.end()

    eventually(lambda: set(registry.subscriptions([digest])[digest] or ()) == {"left", "kept"})
    assert here.node._hub.channels(slow.connection) == {"left", "kept"}
