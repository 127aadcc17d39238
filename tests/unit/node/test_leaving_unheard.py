"""A page leaves a channel by another process while its own does not hear Redis."""

import threading
from contextlib import ExitStack

import pytest

from flask_realtime.errors import RegistryUnavailable
from flask_realtime.protocol.messages import SPEAKS_OF_LEAVING

from ...eventually import DEADLINE, eventually
from ..handshakes import Page
from .heard import Heard


class Deafness:
    """Keeps the listener of a node from connecting again, until it may."""

    def __init__(self, node):
        self._listener = node.registry._own.get().hearing._listener
        self._may_connect = threading.Event()
        stay_connected = self._listener._stay_connected
        self._listener._stay_connected = lambda: self._may_connect.wait() and stay_connected()

    def begin(self):
        self._listener.drop("a test")
        eventually(lambda: not self._listener.is_connected)

    def end(self):
        self._may_connect.set()


@pytest.fixture
def nodes(redis_url):
    """Two processes of one app."""
    with ExitStack() as stack:
        settings = {"REDIS": redis_url, "REDIS_PREFIX": "unheard"}
        settings["REDIS_TIMEOUT_SECONDS"] = DEADLINE
        both = [Heard(registry="redis", **settings) for _ in range(2)]
        for one in both:
            stack.callback(one.node.close)
        yield both


@pytest.fixture
def page(nodes):
    node = nodes[0].node
    with Page(node) as page:
        page.connection.speaks = SPEAKS_OF_LEAVING
        node.registry.subscribe(page.connection.digest, ["left", "kept"])
        positions = node._hub._members.get(page.connection).positions
        eventually(lambda: {"left": None, "kept": None}.items() <= positions.items())
        yield page


@pytest.fixture
def deafness(nodes, page):
    deafness = Deafness(nodes[0].node)
    deafness.begin()
    yield deafness
    deafness.end()


def push(heard, *texts, name="left"):
    with heard.node.app.app_context():
        for text in texts:
            heard.realtime.push(text, name)


def received_until_end(page, heard):
    """Return all payloads, and for each channel that is left its name, before a push to "kept"."""
    listener = page.connection
    eventually(lambda: not heard[0].node._delivery.paused(["left", "kept"]))
    push(heard[1], "end", name="kept")
    found = []
    while not found or found[-1] != "end":
        message = page.receive()
        found.append(f"left {message['channel']}" if "left" in message else message["payload"])
    assert listener.is_open
    return found[:-1]


def test_page_hears_what_was_pushed_before_it_left_and_nothing_else(nodes, page, deafness):
    """While the page's process is cut off, another process pushes a farewell, takes the page off
    the channel, and pushes more. The page hears the farewell, then that it has left."""
    _, elsewhere = nodes
    push(elsewhere, "farewell", "good-bye")
    elsewhere.node.registry.unsubscribe(page.connection.digest, ["left"])
    push(elsewhere, "too late", "later still")

    deafness.end()

    assert received_until_end(page, nodes) == ["farewell", "good-bye", "left left"]


def test_page_that_left_without_a_farewell_hears_nothing(nodes, page, deafness):
    """While the page's process is cut off, the page leaves the channel, and then something is
    pushed there."""
    _, elsewhere = nodes
    elsewhere.node.registry.unsubscribe(page.connection.digest, ["left"])
    push(elsewhere, "too late")

    deafness.end()

    assert received_until_end(page, nodes) == ["left left"]


def test_page_that_came_back_hears_what_was_pushed_since(nodes, page, deafness):
    """While the page's process is cut off, the page leaves the channel and is let in again. It
    hears nothing of the time in between."""
    _, elsewhere = nodes
    elsewhere.node.registry.unsubscribe(page.connection.digest, ["left"])
    push(elsewhere, "in between")
    elsewhere.node.registry.subscribe(page.connection.digest, ["left"])
    push(elsewhere, "back", "again")

    deafness.end()

    assert page.receive()["left"]
    positions = nodes[0].node._hub._members.get(page.connection).positions
    eventually(lambda: positions.get("left", "not yet") is None)
    assert received_until_end(page, nodes) == ["back", "again"]


def test_page_that_came_back_and_left_once_more_hears_nothing_from_in_between(
    nodes, page, deafness
):
    """While the page's process is cut off, the page leaves the channel, is let in again, and leaves
    once more. It hears nothing that was pushed while it was not on the channel."""
    _, elsewhere = nodes
    digest = page.connection.digest
    elsewhere.node.registry.unsubscribe(digest, ["left"])
    push(elsewhere, "in between")
    elsewhere.node.registry.subscribe(digest, ["left"])
    elsewhere.node.registry.unsubscribe(digest, ["left"])

    deafness.end()

    assert received_until_end(page, nodes) == ["left left"]


def test_log_is_read_though_the_clients_cannot_be(nodes, page, deafness, monkeypatch):
    """Redis tells of no client when the page's process hears it again. The page hears what was
    pushed meanwhile, since logs can be read."""
    here, elsewhere = nodes
    push(elsewhere, "meanwhile")
    subscriptions, refusals = here.node.registry.subscriptions, []

    def refuse(digests):
        refusals.append(digests)
        raise RegistryUnavailable("Not now.")

    monkeypatch.setattr(here.node.registry, "subscriptions", refuse)
    deafness.end()

    assert page.receive_payloads(1) == ["meanwhile"]
    eventually(lambda: refusals)
    monkeypatch.setattr(here.node.registry, "subscriptions", subscriptions)


def test_page_that_leaves_by_its_own_process_hears_its_farewell(nodes, page, deafness):
    """The page's process is cut off from what is announced, and takes the page off the channel
    itself. The page hears what was pushed before, once the process can read it."""
    here, elsewhere = nodes
    push(elsewhere, "farewell")
    here.node.registry.unsubscribe(page.connection.digest, ["left"])
    push(elsewhere, "too late")

    deafness.end()

    assert received_until_end(page, nodes) == ["farewell", "left left"]
