"""A page that loses its server, its network or its place, and comes back."""

import contextlib
import signal
import threading

import pytest

from .chromium import LEAVE_AND_RETURN
from .links import Link

# What a browser itself reports of a network that is away, whoever asked for it.
NETWORK = ("WebSocket connection to", "Failed to load resource: net::")


@pytest.fixture
def link(server):
    link = Link(server.port)
    yield link
    link.close()


@contextlib.contextmanager
def pushing(publisher, channel):
    """Push numbers, on and on; gives a function that stops it and tells how many there were."""
    is_over, count = threading.Event(), 0

    def push():
        nonlocal count
        while not is_over.wait(0.02):
            publisher.push(count, channel)
            count += 1

    def stop():
        is_over.set()
        thread.join()
        return count

    thread = threading.Thread(target=push)
    thread.start()
    try:
        yield stop
    finally:
        stop()


def test_server_that_dies_or_restarts_is_come_back_to_without_gap_or_double(
    come, start, publisher, channel
):
    """The page catches up by itself with what was pushed while its server was dead, or replaced."""
    with start() as first:
        ada = come(first.url)
        # The jitter near its shortest: what is seen here is not the waiting.
        ada.context.add_init_script("Math.random = () => 0.05")
        ada.visit(f"/on/{channel}")
        with pushing(publisher, channel) as stop:
            ada.wait_until_heard(5)
            first.stop(signal.SIGKILL)
            ada.wait_for_state("waiting")
            with start(port=first.port) as second:
                ada.wait_for_state("open")
                second.stop(signal.SIGTERM)
                ada.wait_for("() => events.length === 4")
                with start(port=first.port):
                    ada.wait_for_state("open")
                    last = stop() - 1
                    ada.wait_until_heard(last)

                    assert ada.run("heard") == list(range(last + 1))
                    names = [name for name, _ in ada.run("events")]
                    assert names == ["open", "close", "open", "close", "open"]
                    assert ada.run("events[3][1].code") == 1012
    ada.forgive(*NETWORK)


def test_page_that_was_offline_catches_up_without_gap_or_double(
    come, server, link, publisher, channel
):
    """Ten seconds without a network, in which its connection dies unheard, cost only time."""
    ada = come(link.url)
    ada.visit(f"/on/{channel}")
    with pushing(publisher, channel) as stop:
        ada.wait_until_heard(5)
        link.die()
        ada.context.set_offline(True)
        ada.wait_for_state("waiting")
        heard = ada.run("heard.length")
        ada.page.wait_for_timeout(10_000 - 5_000)
        ada.context.set_offline(False)
        ada.wait_for_state("open")
        last = stop() - 1
        ada.wait_until_heard(last)

    assert heard < last - 100
    assert ada.run("heard") == list(range(last + 1))
    ada.forgive(*NETWORK)


def test_page_that_the_back_button_brings_back_is_alive(ada, publisher, channel):
    """The browser keeps the page as it was, and it hears what it missed."""
    ada.visit(f"/on/{channel}")
    publisher.push("before", channel)
    ada.wait_until_heard("before")
    ada.page.click("#next")
    ada.wait_for_state("open")
    publisher.push("meanwhile", channel)

    ada.page.go_back(wait_until="commit")
    ada.wait_for_state("open")
    publisher.push("after", channel)
    ada.wait_until_heard("after")

    assert ada.run("shown") == 1, "It was loaded anew."
    assert ada.run("heard") == ["before", "meanwhile", "after"]


def test_copy_of_a_page_hears_all_since_its_html(ada, publisher, channel):
    """A duplicated tab, or a page out of the browser's cache, has the first one's id: both hear."""
    ada.visit(f"/on/{channel}")
    publisher.push("before", channel)
    ada.wait_until_heard("before")
    copy = ada.context.new_page()
    copy.add_init_script(
        "document.onreadystatechange = () =>"
        f"(document.body.dataset.socketConnectionId = '{ada.run('realtime.connectionId')}')"
    )

    copy.goto(f"{ada.url}/on/{channel}")
    copy.wait_for_selector("body[data-realtime-state=open]")
    publisher.push("after", channel)

    for page in (ada.page, copy):
        page.wait_for_function("() => heard.length === 2")
        assert page.evaluate("heard") == ["before", "after"]


def test_server_that_refuses_a_page_is_left_alone(ada, channel):
    """A session that is gone ends the attempts, after three of them."""
    ada.visit(f"/on/{channel}")
    ada.context.clear_cookies()

    ada.run(LEAVE_AND_RETURN)
    ada.wait_for_state("closed")

    assert ada.run("events.at(-1)[1].reason") == "Refused"
    ada.forgive(*NETWORK, "Failed to load resource: the server responded with a status of 403")
