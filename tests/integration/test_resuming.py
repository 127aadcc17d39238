"""Clients that go away and come back miss nothing, or are told that they did."""

import json

import pytest

from tests.eventually import DEADLINE, eventually

from .conftest import ON_TWO_SERVERS


@pytest.fixture
def page(browser, channel):
    return browser.page(f"/on/{channel}")


def position_of(push):
    return {push["channel"]: push["position"]}


def test_resume_goes_on_behind_the_positions_it_names(browser, page, channel):
    """A client that names its positions gets what came after them, in order, and then new
    messages."""
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


@ON_TWO_SERVERS
def test_resume_without_positions_begins_where_the_page_subscribed(browser, page, channel):
    """A resume without positions brings all that came since the page was rendered."""
    browser.post(f"/push-many/{channel}", json=[1, 2])

    with browser.open(page, resume=True) as socket:
        socket.resume({})

        assert socket.payloads(2) == [1, 2]


@ON_TWO_SERVERS
def test_resume_is_replied_to_before_anything_is_pushed(browser, page, channel):
    """The reply to a resume comes before the first push."""
    browser.post(f"/push-many/{channel}", json=[1, 2])

    with browser.open(page, resume=True) as socket:
        socket.send("resume", positions={})
        first = json.loads(socket.websocket.recv(timeout=DEADLINE))

        assert first["known"] is True


@ON_TWO_SERVERS
def test_resume_from_another_log_is_told_that_something_is_lost(browser, page, channel):
    """A client whose position is not in the log is told that messages are lost."""
    browser.post(f"/push/{channel}", json=1)

    with browser.open(page, resume=True) as socket:
        reply = socket.resume({channel: "another:5:ff"})
        lost = socket.push()
        browser.post(f"/push/{channel}", json=2)

        assert reply["lost"] == [channel]
        assert (lost["channel"], lost["lost"]) == (channel, True)
        assert socket.payloads(1) == [2]


@ON_TWO_SERVERS
def test_false_position_costs_no_other_client_its_place(browser, page, channel):
    """A false position from one client changes nothing for others."""
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


@ON_TWO_SERVERS
def test_resume_never_subscribes(browser, page, channel):
    """A channel that the page is not subscribed to is reported as lost, and nothing of it is
    heard."""
    with browser.open(page, resume=True) as socket:
        reply = socket.resume({f"{channel}-foreign": "abc:1:ff"})
        browser.post(f"/push/{channel}-foreign", json="secret")
        browser.post(f"/push/{channel}", json="mine")

        assert reply["lost"] == [f"{channel}-foreign"]
        assert socket.payloads(1) == ["mine"]


@ON_TWO_SERVERS
def test_resume_of_a_page_the_registry_does_not_know(browser, channel):
    """A page that never subscribed, or whose client has expired, is told that it is not known."""
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
@ON_TWO_SERVERS
def test_resume_must_come_first_and_be_well_formed(browser, page, message):
    """On a socket with resume=1 any other first message is answered 400, and a resume may still
    follow."""
    with browser.open(page, resume=True) as socket:
        refused = socket.ask(**message)
        resumed = socket.resume()
        again = socket.ask("resume", positions={})

    assert refused["status"] == 400
    assert resumed["status"] == 200
    assert again["status"] == 400


@ON_TWO_SERVERS
def test_plain_client_goes_on_where_its_last_socket_ended(browser, page, channel):
    """A client that never resumes gets what came since its last socket ended."""
    with browser.open(page) as socket:
        browser.post(f"/push-many/{channel}", json=[1, 2])
        assert socket.payloads(2) == [1, 2]
    wait_until_gone(browser)
    browser.post(f"/push/{channel}", json=3)

    with browser.open(page) as socket:
        assert socket.payloads(1) == [3]


def wait_until_gone(browser):
    """Return when no worker holds a socket."""
    eventually(lambda: not any(browser.get("/health").json()["connections"] for _ in range(4)))


def test_resume_of_a_long_log_is_not_cut_off(browser, page, channel):
    """A client may catch up with far more than the limit of its backlog."""
    for _ in range(5):
        browser.post(f"/push-many/{channel}", json=["x" * 20_000] * 30)

    with browser.open(page, resume=True) as socket:
        socket.resume()

        assert all(payload == "x" * 20_000 for payload in socket.payloads(150))
