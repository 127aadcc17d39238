"""Clients that go away and come back miss nothing, or are told."""

import json

import pytest

from tests.eventually import DEADLINE, eventually


@pytest.fixture
def page(browser, channel):
    return browser.page(f"/on/{channel}")


def position_of(push):
    return {push["channel"]: push["position"]}


def test_resume_goes_on_behind_the_positions_it_names(browser, page, channel):
    """A client that names where it stood gets what came after it, in order, then live messages."""
    with browser.open(page, resume=True) as socket:
        assert socket.resume() == {"id": "m1", "status": 200, "known": True, "lost": []}
        browser.post(f"/push-many/{channel}", json=[1, 2, 3])
        last = [socket.push() for _ in range(3)][1]
    browser.post(f"/push/{channel}", json=4)

    with browser.open(page, resume=True) as socket:
        reply = socket.resume(position_of(last))
        heard = socket.payloads(2)
        browser.post(f"/push/{channel}", json=5)

        assert (reply["known"], reply["lost"]) == (True, [])
        assert heard == [3, 4]
        assert socket.payloads(1) == [5]


def test_resume_without_positions_begins_where_the_page_subscribed(browser, page, channel):
    """A first connect gets all that came since the page was rendered."""
    browser.post(f"/push-many/{channel}", json=[1, 2])

    with browser.open(page, resume=True) as socket:
        socket.resume({})

        assert socket.payloads(2) == [1, 2]


def test_resume_is_replied_to_before_anything_is_pushed(browser, page, channel):
    """The reply, which says what is lost, comes before the first message."""
    browser.post(f"/push-many/{channel}", json=[1, 2])

    with browser.open(page, resume=True) as socket:
        socket.send("resume", positions={})
        first = json.loads(socket.websocket.recv(timeout=DEADLINE))

        assert first["known"] is True


def test_resume_from_another_log_is_told_that_something_is_lost(browser, page, channel):
    """A position that the log does not reach back to is no silent hole."""
    browser.post(f"/push/{channel}", json=1)

    with browser.open(page, resume=True) as socket:
        reply = socket.resume({channel: "another:5:ff"})
        lost = socket.push()
        browser.post(f"/push/{channel}", json=2)

        assert reply["lost"] == [channel]
        assert (lost["channel"], lost["lost"]) == (channel, True)
        assert socket.payloads(1) == [2]


def test_false_position_costs_no_other_client_its_place(browser, page, channel):
    """What one client says of a log changes nothing for the rest."""
    browser.post(f"/push/{channel}", json=1)
    with browser.open(browser.page(f"/on/{channel}")) as bystander:
        browser.post(f"/push/{channel}", json=2)
        epoch, _, tag = bystander.push()["position"].split(":")
        with browser.open(page, resume=True) as liar:
            reply = liar.resume({channel: f"{epoch}:999999:{tag}"})
        browser.post(f"/push/{channel}", json=3)
        after = bystander.push()

    assert reply["lost"] == [channel]
    assert after["payload"] == 3
    assert after["position"].split(":")[:2] == [epoch, "3"]


def test_resume_never_subscribes(browser, page, channel):
    """A channel that the page was not subscribed to is named lost, and stays silent."""
    with browser.open(page, resume=True) as socket:
        reply = socket.resume({f"{channel}-foreign": "abc:1:ff"})
        browser.post(f"/push/{channel}-foreign", json="secret")
        browser.post(f"/push/{channel}", json="mine")

        assert reply["lost"] == [f"{channel}-foreign"]
        assert socket.payloads(1) == ["mine"]


def test_resume_of_a_page_the_registry_does_not_know(browser, channel):
    """A page that subscribed to nothing, or has expired, is told that it is not known."""
    page = browser.page("/")

    with browser.open(page, resume=True) as socket:
        assert socket.resume()["known"] is False


@pytest.mark.parametrize(
    "message",
    [
        {"action": "ping"},
        {"action": "resume"},
        {"action": "resume", "positions": []},
        {"action": "resume", "positions": {"a": "no position"}},
    ],
)
def test_resume_must_come_first_and_be_well_formed(browser, page, message):
    """With resume=1, anything else first is answered 400, and the resume may still come."""
    with browser.open(page, resume=True) as socket:
        refused = socket.ask(**message)
        resumed = socket.resume()
        again = socket.ask("resume", positions={})

    assert refused["status"] == 400
    assert resumed["status"] == 200
    assert again["status"] == 400


def test_plain_client_goes_on_where_its_last_socket_ended(browser, page, channel):
    """A client that knows nothing of resuming comes back with its id, and misses nothing."""
    with browser.open(page) as socket:
        browser.post(f"/push-many/{channel}", json=[1, 2])
        assert socket.payloads(2) == [1, 2]
    wait_until_gone(browser)
    browser.post(f"/push/{channel}", json=3)

    with browser.open(page) as socket:
        assert socket.payloads(1) == [3]


def wait_until_gone(browser):
    """Until no worker holds a socket."""
    eventually(lambda: not any(browser.get("/health").json()["connections"] for _ in range(4)))


def test_resume_of_a_long_log_is_not_cut_off(browser, page, channel):
    """Far more than the backlog's limit is caught up with, page by page."""
    for _ in range(5):
        browser.post(f"/push-many/{channel}", json=["x" * 20_000] * 30)

    with browser.open(page, resume=True) as socket:
        socket.resume()

        assert all(payload == "x" * 20_000 for payload in socket.payloads(150))
