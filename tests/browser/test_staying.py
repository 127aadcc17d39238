"""A page continues after it has lost its server, its network or its place in the browser."""

import secrets
import signal
import threading

import pytest

from . import kinds
from .links import Link

pytestmark = pytest.mark.shares_tabs

# Errors that the browser reports while its network is down.
NETWORK = ("WebSocket connection to", "Failed to load resource: net::")


@pytest.fixture
def link(server):
    link = Link(server.port)
    yield link
    link.close()


class Numbers:
    """Pushes 0, 1, 2 … on a thread, from the start of a with block to :meth:`stop`.

    :ivar count: how many numbers were pushed.
    """

    def __init__(self, publisher, channel):
        self.count = 0
        self._publisher = publisher
        self._channel = channel
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._push)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exc_info):
        self.stop()

    def stop(self):
        """Push no more numbers; return the last one."""
        self._is_over.set()
        self._thread.join()
        return self.count - 1

    def _push(self):
        while not self._is_over.wait(0.02):
            self._publisher.push(self.count, self._channel)
            self.count += 1


def test_page_gets_each_message_once_although_its_server_dies_and_restarts(
    come, start, publisher, channel
):
    """The server is killed, and later replaced. The page gets each message once."""
    with start() as first:
        ada = come(first.url)
        # Makes the client's pauses between attempts short.
        ada.context.add_init_script("Math.random = () => 0.05")
        ada.visit(f"/on/{channel}")
        with Numbers(publisher, channel) as numbers:
            ada.wait_until_heard(5)
            first.stop(signal.SIGKILL)
            ada.wait_for_state("waiting")
            with start(port=first.port) as second:
                ada.wait_until_open()
                second.stop(signal.SIGTERM)
                # A process that has just started may accept the page once more.
                ada.wait_for("() => events.length >= 4")
                with start(port=first.port):
                    ada.wait_until_open()
                    last = numbers.stop()
                    ada.wait_until_heard(last)

                    assert ada.run("heard") == list(range(last + 1))
                    names = [name for name, _ in ada.run("events")]
                    assert names == ["open", "close"] * (len(names) // 2) + ["open"]
                    # WebKitGTK's HTTP library knows no close code above 1011.
                    told = 1006 if kinds.NAME == "webkit" else 1012
                    assert ada.run("events[3][1].code") == told
    ada.forgive(*NETWORK)


def test_page_that_was_offline_catches_up_without_gap_or_double(
    come, server, link, publisher, channel
):
    """The network is down for a while, and the connection is not closed. The page gets each message
    once."""
    ada = come(link.url)
    ada.visit(f"/on/{channel}")
    with Numbers(publisher, channel) as numbers:
        ada.wait_until_heard(5)
        # After set_offline() Chromium keeps the processor busy as long as the page waits.
        link.go_down()
        ada.run("() => void dispatchEvent(new Event('offline'))")
        ada.wait_for_state("waiting")
        heard = ada.run("heard.length")
        ada.wait_until(lambda: numbers.count > heard + 100)
        link.come_back()
        ada.run("() => void dispatchEvent(new Event('online'))")
        ada.wait_until_open()
        last = numbers.stop()
        ada.wait_until_heard(last)

    assert ada.run("heard") == list(range(last + 1))
    ada.forgive(*NETWORK)


@pytest.mark.keeps_pages
def test_page_that_the_back_button_brings_back_is_alive(ada, publisher, channel):
    """The back button shows a page of the back/forward cache, which gets the messages that it has
    missed, and later ones."""
    ada.visit(f"/on/{channel}")
    publisher.push("before", channel)
    ada.wait_until_heard("before")
    ada.page.click("#next")
    ada.wait_until_open()
    publisher.push("meanwhile", channel)

    ada.page.go_back(wait_until="commit")
    ada.wait_until_open()
    publisher.push("after", channel)
    ada.wait_until_heard("after")

    if kinds.NAME == "firefox":
        # Firefox decides before it tells the page, which cannot close its socket in time.
        assert ada.run("heard") == ["after"], "It keeps pages with sockets: say so in the README."
        return
    assert ada.run("shown") == 1, "It was loaded anew."
    assert ada.run("heard") == ["before", "meanwhile", "after"]


def test_copy_of_a_page_hears_all_since_its_html(ada, publisher, channel):
    """A person duplicates a tab, or the browser shows a page of its cache. The copy has the same id
    as the first page, and both get all messages."""
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


@pytest.mark.skipif(kinds.NAME != "chromium", reason="only Chromium freezes pages when asked")
def test_page_that_the_browser_has_frozen_catches_up(ada, publisher, channel):
    """The browser freezes a page in the background, while more is pushed to it than its socket may
    have waiting. Once it goes on, it gets each message once."""
    ada.visit(f"/on/{channel}")
    protocol = ada.context.new_cdp_session(ada.page)
    protocol.send("Page.setWebLifecycleState", {"state": "frozen"})
    for number in range(300):
        publisher.push([number, secrets.token_hex(20_000)], channel)
    protocol.send("Page.setWebLifecycleState", {"state": "active"})

    publisher.push([300], channel)
    ada.wait_for("() => heard.at(-1)?.[0] === 300")

    assert ada.run("heard.map(([number]) => number)") == list(range(301))
