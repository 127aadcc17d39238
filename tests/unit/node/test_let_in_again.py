"""A user is put out of a channel, and a page of the user asks for it again at once."""

import threading

import pytest

from flask_realtime.hub import unnoted_kicks
from flask_realtime.registries.records import Grant
from flask_realtime.threads import clock

from ...eventually import DEADLINE, eventually
from ..handshakes import Page

USER = "ada"


@pytest.fixture
def heard(heard_anywhere):
    heard = heard_anywhere
    heard.realtime.identify(lambda: USER)
    heard.realtime.handler("enter")(lambda name: heard.realtime.socket.subscribe(name))
    heard.realtime.handler("trade")(lambda name: trade(heard.realtime, name))
    return heard


def trade(realtime, name):
    realtime.user(USER).unsubscribe(name)
    realtime.socket.subscribe(name)


@pytest.fixture
def page(heard):
    with Page(heard.node, identity=USER) as page:
        heard.node.registry.subscribe(page.connection.digest, ["room", "hall"])
        eventually(lambda: heard.node.is_heard("room") and heard.node.is_heard("hall"))
        yield page


def put_out(heard, *names):
    with heard.node.app.app_context():
        heard.realtime.user(USER).unsubscribe(*names)


def push(heard, text, name):
    with heard.node.app.app_context():
        heard.realtime.push(text, name)


def test_page_hears_what_it_asks_for_behind_a_kick(heard, page):
    """A user is put out of a room, and the page enters it again by the next message, before the
    registry is told who has left. The page hears the room from then on, and once."""
    reconciler = heard.node._reconciler
    tell, held = reconciler.unnoted_kicks.tell, []
    reconciler.unnoted_kicks.tell = lambda: tell() if held else True
    put_out(heard, "room")
    page.say("enter", data="room")
    assert page.receive()["status"] == 204
    held.append("no more")
    reconciler.recover(["room"])

    push(heard, "back", "room")
    push(heard, "again", "room")

    assert page.receive_payloads(2) == ["back", "again"]
    assert set(heard.node.registry.subscriptions([page.connection.digest]).popitem()[1]) == {
        "room", "hall",
    }  # fmt: skip


@pytest.mark.parametrize("_", range(5))
def test_page_stays_that_one_request_puts_out_and_lets_in(heard, page, _):
    """A message puts its own user out of a room, and lets the page in again. The page hears it."""
    page.say("trade", data="room")
    assert page.receive()["status"] == 204

    push(heard, "still here", "room")

    assert page.receive_payloads(1) == ["still here"]


def test_page_that_asked_before_the_kick_is_out(heard, page):
    """A page enters a room, and its user is put out of it right behind. The page hears it no
    more."""
    page.say("enter", data="room")
    page.receive()
    put_out(heard, "room")
    push(heard, "not for her", "room")
    push(heard, "for all", "hall")

    assert page.receive_payloads(1) == ["for all"]
    registry, digest = heard.node.registry, page.connection.digest
    eventually(lambda: set(registry.subscriptions([digest])[digest]) == {"hall"})


def test_page_stays_though_the_registry_is_told_late_of_the_kick(heard, page):
    """The thread that tells the registry is awake while a user is put out of a room, and what it
    says is held up until the page has entered the room again. The page stays."""
    node, entered = heard.node, threading.Event()
    reconciler, unsubscribe = node._reconciler, node.registry.unsubscribe
    note = node._evictions._unsubscribe

    def note_amid_others(*kick):
        note(*kick)
        reconciler.recover(["room"])
        eventually(lambda: not reconciler._wake.is_set())

    def unsubscribe_late(*left):
        assert entered.wait(DEADLINE)
        unsubscribe(*left)

    node._evictions._unsubscribe, node.registry.unsubscribe = note_amid_others, unsubscribe_late
    put_out(heard, "room")
    page.say("enter", data="room")
    assert page.receive()["status"] == 204
    entered.set()

    push(heard, "back", "room")

    assert page.receive_payloads(1) == ["back"]


def test_page_without_a_socket_while_the_kick_is_noted_is_let_in_by_its_next_one(
    heard, page, monkeypatch
):
    """A user is put out of a room, and the page's socket ends before the registry has said when
    that was. A request lets the page into the room again, and its next socket hears the room."""
    node, digest = heard.node, page.connection.digest
    monkeypatch.setattr(unnoted_kicks, "PENDING_SECONDS", 10 * DEADLINE)
    end_user = node.registry.end_user

    def lose_the_socket(*end):
        page.connection.cut()
        eventually(lambda: not node.connections())
        end_user(*end)

    monkeypatch.setattr(node.registry, "end_user", lose_the_socket)
    put_out(heard, "room")
    ended_at = clock.monotonic()
    # A time within the registry has whole ms.
    eventually(lambda: clock.monotonic() > ended_at + 0.005)
    now = clock.monotonic()
    node.registry.subscribe(digest, ["room"], Grant(USER, now, {"room": now}))

    with Page(node, identity=USER) as again:
        push(heard, "back", "room")

        assert again.receive_payloads(1) == ["back"]
