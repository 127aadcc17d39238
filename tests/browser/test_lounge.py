"""A chat shows how many visitors are online, and announces who enters."""

import signal

import pytest
from playwright.sync_api import expect

from ..integration.conftest import unexpected_tracebacks

pytestmark = pytest.mark.shares_tabs


@pytest.fixture
def lounge(serve):
    with serve("lounge") as server:
        yield server
        log = server.log()
    assert unexpected_tracebacks(log) == []


@pytest.fixture
def people(come, lounge):
    """A function that opens the chat for a visitor."""

    def enter(name):
        person = come(lounge.url)
        person.visit(f"/as/{name}")
        return person

    return enter


def expect_online(person, count):
    expect(person.page.locator("#online")).to_have_text(str(count))


def expect_said(person, *texts):
    expect(person.page.locator("#said")).to_have_text("".join(texts))


def say(person, text):
    person.run("(text) => realtime.send('say', text).then(() => null)", text)


def test_count_follows_who_comes_and_goes(people):
    """Visitors open and close tabs. The number of people online counts every open tab."""
    ada = people("ada")
    expect_online(ada, 1)
    ben = people("ben")
    expect_online(ada, 2)
    expect_online(ben, 2)
    expect_said(ada, "ada has entered", "ben has entered")

    ben.page.close()

    expect_online(ada, 1)


def test_restart_of_the_server_brings_nobody_in_again(lounge, people):
    """The server restarts, and all sockets reconnect. The chat announces nobody as new, and counts
    everybody."""
    ada, ben = people("ada"), people("ben")
    expect_said(ada, "ada has entered", "ben has entered")
    expect_online(ada, 2)
    with ada.page.expect_websocket(), ben.page.expect_websocket():
        lounge.signal(signal.SIGHUP)
    ada.wait_until_open()
    ben.wait_until_open()

    say(ben, "back?")

    expect_said(ada, "ada has entered", "ben has entered", "ben: back?")
    expect_online(ada, 2)
    expect_online(ben, 2)
    for person in (ada, ben):
        # One attempt met a worker that was stopping.
        person.forgive("WebSocket connection")
