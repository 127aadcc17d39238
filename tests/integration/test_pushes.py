"""Views push and pages hear it, on each kind of server with each registry."""

import json
import threading

import pytest
import requests

from tests.eventually import DEADLINE

from .browsers import Browser
from .conftest import ON_TWO_SERVERS


def test_page_hears_what_is_pushed_before_its_socket_opens(browser, channel):
    """A page gets what was pushed between its rendering and its socket."""
    page = browser.page(f"/on/{channel}")
    for number in range(3):
        browser.post(f"/push/{channel}", json=number)

    with browser.open(page) as socket:
        heard = socket.payloads(3)
        browser.post(f"/push/{channel}", json="live")

        assert heard == [0, 1, 2]
        assert socket.payloads(1) == ["live"]


@ON_TWO_SERVERS
def test_push_carries_channel_payload_and_position(browser, channel):
    """A push has a channel, a payload and a position that counts from 1."""
    page = browser.page(f"/on/{channel}")
    browser.post(f"/push/{channel}", json={"text": "hi"})
    browser.post(f"/push/{channel}", json=2)

    with browser.open(page) as socket:
        first, second = socket.push(), socket.push()

    assert set(first) == {"channel", "payload", "position"}
    assert (first["channel"], first["payload"]) == (channel, {"text": "hi"})
    assert [one["position"].split(":")[1] for one in (first, second)] == ["1", "2"]


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("value", ["text", 5, 1.5, None, True, [], {}, [{"a": None}], "ä\u2028😀"])
@ON_TWO_SERVERS
def test_push_takes_any_json_value(browser, channel, value):
    """A message may be any JSON value, not only an object."""
    page = browser.page(f"/on/{channel}")
    with browser.open(page) as socket:
        browser.post(f"/push/{channel}", data=json.dumps(value), headers=JSON)

        assert socket.payloads(1) == [value]


@ON_TWO_SERVERS
def test_push_takes_what_the_json_provider_of_the_app_takes(browser, channel):
    """A date in a message is encoded as in a response of the app."""
    page = browser.page(f"/on/{channel}")
    browser.post(f"/push-dates/{channel}")

    with browser.open(page) as socket:
        assert socket.payloads(1) == [{"on": "Fri, 02 Jan 2026 00:00:00 GMT"}]


def test_pushes_arrive_in_order(browser, channel):
    """Messages arrive once each, in the order in which they were pushed."""
    page = browser.page(f"/on/{channel}")
    with browser.open(page) as socket:
        browser.post(f"/push-many/{channel}", json=list(range(500)))
        browser.post(f"/push-many/{channel}", json=list(range(500, 900)))

        assert socket.payloads(900) == list(range(900))


@ON_TWO_SERVERS
def test_push_reaches_every_page_of_a_channel_and_no_other(server, channel):
    """Every page of a channel hears a push, whichever session it belongs to, and no other page
    does."""
    readers = [Browser(server.url) for _ in range(4)]
    sockets = [one.open(one.page(f"/on/{channel}")) for one in readers]
    other = Browser(server.url)
    bystander = other.open(other.page(f"/on/{channel}-other"))

    readers[0].post(f"/push/{channel}", json="for you")
    readers[0].post(f"/push/{channel}-other", json="for another")

    assert [socket.payloads(1) for socket in sockets] == [["for you"]] * 4
    assert bystander.payloads(1) == ["for another"]
    for socket in [*sockets, bystander]:
        socket.close()


@ON_TWO_SERVERS
def test_push_to_a_pattern_reaches_each_channel_that_fits(browser, channel):
    """A pattern reaches each channel that fits it, once, and only the asterisk is special in it."""
    pages = {
        name: browser.open(browser.page(f"/on/{name}"))
        for name in (f"{channel}:1", f"{channel}:2", f"{channel}.3")
    }

    browser.post(
        "/push-pattern",
        json={"message": "all", "channels": [f"{channel}:1"], "pattern": f"{channel}:*"},
    )
    browser.post("/push-pattern", json={"message": "third", "channels": [f"{channel}.3"]})

    assert pages[f"{channel}:1"].payloads(1) == ["all"]
    assert pages[f"{channel}:2"].payloads(1) == ["all"]
    assert pages[f"{channel}.3"].payloads(1) == ["third"]
    for socket in pages.values():
        socket.settle()
        assert not socket.kept
        socket.close()


@ON_TWO_SERVERS
def test_push_with_the_same_id_is_one_message(browser, channel):
    """Two pushes with the same push id are one message."""
    page = browser.page(f"/on/{channel}")
    with browser.open(page) as socket:
        browser.post(f"/push-once/{channel}/{channel}")
        browser.post(f"/push-once/{channel}/{channel}")
        browser.post(f"/push/{channel}", json="next")

        assert socket.payloads(2) == ["once", "next"]


@ON_TWO_SERVERS
def test_push_to_one_client_is_heard_by_it_alone(server, channel):
    """A message to one client keeps its place among the messages of the channel, and no other
    client gets it."""
    one, other = Browser(server.url), Browser(server.url)
    page = one.page(f"/on/{channel}")
    digest = one.get("/digest", headers={"X-Realtime-Connection-Id": page}).text
    with one.open(page) as mine, other.open(other.page(f"/on/{channel}")) as theirs:
        one.post(f"/push/{channel}", json=1)
        one.post(f"/push-to/{digest}/{channel}", json="for you alone")
        one.post(f"/push/{channel}", json=2)

        assert mine.payloads(3) == [1, "for you alone", 2]
        assert theirs.payloads(2) == [1, 2]


@ON_TWO_SERVERS
def test_push_to_a_client_that_would_not_hear_it_is_an_error(server, browser, channel):
    """A message to a client that is not subscribed to the channel is an error."""
    page = browser.page(f"/on/{channel}")
    digest = browser.get("/digest", headers={"X-Realtime-Connection-Id": page}).text

    response = requests.post(f"{server.url}/push-to/{digest}/{channel}-other", json=1)

    assert response.status_code == 500


@ON_TWO_SERVERS
def test_subscribing_takes_effect_on_an_open_socket(browser, channel):
    """A request of the page subscribes and unsubscribes its open socket at once."""
    page = browser.page(f"/on/{channel}")
    as_page = {"X-Realtime-Connection-Id": page}
    with browser.open(page) as socket:
        subscribed = browser.post(f"/subscribe/{channel}-more", headers=as_page).json()
        browser.post(f"/push/{channel}-more", json="more")
        heard = socket.payloads(1)
        left = browser.post(f"/unsubscribe/{channel}-more", headers=as_page).json()
        eventually_deaf(browser, socket, f"{channel}-more", channel)

        assert subscribed == [channel, f"{channel}-more"]
        assert heard == ["more"]
        assert left == [channel]


def eventually_deaf(browser, socket, silent, heard):
    """Push until *silent* is not heard any more while *heard* still is."""
    for number in range(200):
        browser.post(f"/push/{silent}", json="silent")
        browser.post(f"/push/{heard}", json=number)
        if socket.push()["channel"] == heard:
            return
        assert socket.push()["channel"] == heard
    raise AssertionError("It goes on hearing what it was unsubscribed from.")


def test_two_sockets_of_one_page_both_hear_everything(browser, channel):
    """Two sockets with the id of one page both hear all, and one that closes does not harm the
    other."""
    page = browser.page(f"/on/{channel}")
    first, second = browser.open(page), browser.open(page)
    browser.post(f"/push/{channel}", json="both")
    heard = first.payloads(1), second.payloads(1)

    first.close()
    browser.post(f"/push/{channel}", json="left")

    assert heard == (["both"], ["both"])
    assert second.payloads(1) == ["left"]
    second.close()


def test_large_push_to_a_reader_that_pauses_arrives_whole(server, channel):
    """A client that pauses gets a message of five megabytes whole, and others do not wait for
    it."""
    pausing, other = Browser(server.url), Browser(server.url)
    slow = pausing.open(pausing.page(f"/on/{channel}"), max_queue=1)
    quick = other.open(other.page(f"/on/{channel}"))

    other.post(f"/push-large/{channel}/5000000")
    other.post(f"/push/{channel}", json="after")
    of_quick = [len(quick.push()["payload"]), quick.push()["payload"]]
    of_slow = [len(slow.push()["payload"]), slow.push()["payload"]]

    assert of_quick == of_slow == [5_000_000, "after"]
    slow.close()
    quick.close()


def test_pushes_from_many_threads_reach_all_in_one_order(server, channel):
    """Messages that are pushed at the same time arrive in the same order everywhere."""
    readers = [Browser(server.url) for _ in range(3)]
    sockets = [one.open(one.page(f"/on/{channel}")) for one in readers]

    def push(name):
        with requests.Session() as session:
            for number in range(20):
                session.post(f"{server.url}/push/{channel}", json=f"{name}{number}")

    threads = [threading.Thread(target=push, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    heard = [socket.payloads(80) for socket in sockets]
    for thread in threads:
        thread.join()

    assert heard[0] == heard[1] == heard[2]
    for name in "abcd":
        mine = [one for one in heard[0] if one.startswith(name)]
        assert mine == [f"{name}{number}" for number in range(20)]
    for socket in sockets:
        socket.close()


def test_disconnect_closes_the_sockets_of_the_page(browser, channel):
    """disconnect() closes the page's socket with 1000, so that the page does not come back."""
    page, other = browser.page(f"/on/{channel}"), browser.page(f"/on/{channel}")
    with browser.open(page) as socket, browser.open(other) as untouched:
        browser.post("/disconnect", headers={"X-Realtime-Connection-Id": page})

        assert socket.close_code() == 1000
        untouched.settle()


@ON_TWO_SERVERS
def test_disconnect_everywhere_closes_every_socket_of_the_session(server, channel):
    """disconnect(everywhere=True) closes all sockets of the browser session, and no others."""
    browser, other = Browser(server.url), Browser(server.url)
    mine = [browser.open(browser.page(f"/on/{channel}")) for _ in range(4)]
    with other.open(other.page(f"/on/{channel}")) as theirs:
        browser.post("/disconnect-everywhere")

        assert [socket.close_code() for socket in mine] == [1000] * 4
        theirs.settle()


def test_hooks_run_once_for_each_socket(server, browser):
    """on_join and on_leave run once for each socket, in its client's context, and may push."""
    page = browser.page("/")
    watcher = Browser(server.url)
    with watcher.open(watcher.page(f"/on/record:{page}")) as watching:
        with browser.open(page) as socket:
            assert watching.payloads(1) == ["joined"]
            socket.settle()

        assert watching.payloads(1) == ["left"]
        watching.settle()


@ON_TWO_SERVERS
def test_hooks_tell_a_socket_that_resumes_from_the_first_of_its_page(server, browser, channel):
    """is_resumed tells a socket that reconnects from a page's first, so a chat does not announce
    everybody after a deploy."""
    page = browser.page(f"/on/{channel}")
    watcher = Browser(server.url)
    with watcher.open(watcher.page(f"/on/record:{page}")) as watching:
        for word in ("joined", "joined again", "joined again"):
            with browser.open(page):
                assert watching.payloads(1) == [word]
            assert watching.payloads(1) == ["left"]


def test_push_wire_text_is_utf8_json(browser, channel):
    """A push is one text frame that holds one JSON value."""
    page = browser.page(f"/on/{channel}")
    with browser.open(page) as socket:
        browser.post(f"/push/{channel}", json="ü")
        text = socket.websocket.recv(timeout=DEADLINE)

    assert isinstance(text, str)
    assert json.loads(text)["payload"] == "ü"
