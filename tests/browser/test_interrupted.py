"""Answers that arrive late, or after their socket has closed."""

import signal

import pytest

from ..eventually import eventually
from .chromium import LEAVE_AND_RETURN

pytestmark = pytest.mark.shares_tabs

CALLS = """(paths) => {
    window.answers = [];
    for (const [at, path] of paths.entries()) realtime.call(path, { method: "post" }).then(
        ({ body }) => { window.answers[at] = body; }, ({ name }) => { window.answers[at] = name; });
}"""
CALL = """([path, method]) => {
    window.answer = null;
    realtime.call(path, { method }).then(
        ({ body }) => { window.answer = body; }, ({ name }) => { window.answer = name; });
}"""


class Held:
    """The server of the app ``held``, and the folder by which a test releases its responses."""

    def __init__(self, server, folder):
        self.url = server.url
        self._server = server
        self._folder = folder

    def restart(self):
        """Restart the server, and wait until a worker that had sockets has begun to stop."""
        count = self._server.log().count("Draining")
        self._server.signal(signal.SIGHUP)
        eventually(lambda: self._server.log().count("Draining") > count)

    def times(self, name):
        """How many requests for the response of that name the app has got."""
        begun = self._folder / f"{name}.begun"
        return len(begun.read_text().splitlines()) if begun.exists() else 0

    def free(self, name):
        (self._folder / f"{name}.free").touch()


@pytest.fixture(scope="module")
def held(serve, tmp_path_factory):
    folder = tmp_path_factory.mktemp("held")
    with serve("held", DATABASE=str(folder / "none")) as one:
        yield Held(one, folder)


@pytest.fixture
def ada(come, held):
    ada = come(held.url)
    ada.visit("/")
    return ada


def call_and_lose_the_socket(ada, held, name, method):
    ada.run(CALL, [f"/held/{name}", method])
    ada.wait_until(lambda: held.times(name) == 1)
    ada.go_offline()
    held.free(name)
    ada.context.set_offline(False)
    ada.wait_for("() => answer")
    ada.forgive("Failed to load resource", "WebSocket connection")


def test_get_that_a_cut_interrupts_is_asked_again(ada, held, channel):
    """The network fails during a GET call. The client repeats the call once the socket is open, and
    the page gets the answer."""
    call_and_lose_the_socket(ada, held, channel, "get")

    assert ada.run("answer") == f"answered {channel}"
    assert held.times(channel) == 2


def test_post_that_a_cut_interrupts_is_sent_once(ada, held, channel):
    """The network fails during a POST call, so the page cannot know whether the app acted on it.
    The client does not repeat the call, which fails with RealtimeInterrupted."""
    call_and_lose_the_socket(ada, held, channel, "post")

    assert ada.run("answer") == "RealtimeInterrupted"
    ada.wait_until_open()
    assert held.times(channel) == 1


def test_calls_that_wait_when_the_server_restarts_are_made_once(ada, held, channel):
    """A form is sent, and two more behind it, when the server restarts. The process that stops
    answers the first one; the others are made once, by the next process."""
    first, *others = names = [f"{channel}-{number}" for number in range(3)]
    ada.run(CALLS, [f"/held/{name}" for name in names])
    ada.wait_until(lambda: held.times(first) == 1)
    held.restart()

    held.free(first)
    ada.wait_until(lambda: held.times(others[0]) == 1)
    ada.wait_until_open()
    for name in others:
        held.free(name)
    ada.wait_for("() => answers.length === 3 && answers.every(Boolean)")

    assert ada.run("answers") == [f"answered {name}" for name in names]
    assert [held.times(name) for name in names] == [1, 1, 1]
    # One attempt may meet a worker that is stopping.
    ada.forgive("WebSocket connection")


def test_slow_answer_to_another_tab_costs_nobody_the_socket(come, held, channel):
    """A slow response to another tab sets an older cookie, which lacks the key of this page's
    socket. The page reloads, and its new socket opens."""
    ada = come(held.url)
    other = ada.context.new_page()
    other.evaluate("address => { location = address }", f"{held.url}/held/{channel}")
    ada.wait_until(lambda: held.times(channel) == 1)
    ada.visit("/")
    before = ada.run("realtime.connectionId")
    held.free(channel)
    other.wait_for_selector(f"text=answered {channel}")

    ada.run(LEAVE_AND_RETURN)
    ada.wait_for("before => window.realtime?.connectionId !== before", before)
    ada.wait_until_open()

    ada.forgive("Failed to load resource", "WebSocket connection")
