"""People use examples/chat in a browser, on two workers and a real Valkey."""

import sqlite3
from contextlib import closing

import pytest
from playwright.sync_api import expect

from flask_realtime import Publisher

from ..eventually import DEADLINE
from ..integration.conftest import unexpected_tracebacks
from . import chatting
from .chatting import PREFIX, WORDS, Chat, Speaker, say

pytestmark = pytest.mark.shares_tabs


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    return tmp_path_factory.mktemp("chat") / "chat.sqlite"


@pytest.fixture(scope="module")
def server(redis_url, database):
    server = Chat(redis_url, database)
    yield server
    log = server.log()
    server.stop()
    assert unexpected_tracebacks(log) == []


@pytest.fixture(autouse=True)
def nothing_said(server, database):
    """Delete the messages of all rooms before each test."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("DELETE FROM message")
        connection.execute("DELETE FROM visitor")


@pytest.fixture
def enter(come):
    """A function that has somebody enter the chat in a browser session of their own, and returns
    that person."""
    people = []

    def enter(server, name, room, **options):
        person = come(server.url, **options)
        people.append(person)
        chatting.enter(person, name, room)
        if options.get("java_script_enabled", True):
            person.wait_until_open()
        else:
            person.page.wait_for_url("**/rooms/*")
        return person

    yield enter
    for person in people:
        # The browser reports a server that is gone.
        person.forgive("WebSocket connection to", "Failed to load resource: net::")


def go(person, room):
    """Follow the link to another room."""
    person.click(f"nav [data-room={room}]")
    person.wait_for("room => document.body.dataset.room === room", room)
    person.wait_until_open()


def test_two_people_chat(server, enter):
    """Two people see each message of both once, in order and as it was written, and see each other
    in the list of people."""
    ada, ben = enter(server, "Ada", "lobby"), enter(server, "Ben", "lobby")
    texts = ["Hello <b>Ben</b> & co", "Hello <img src=x onerror=alert(1)> Ada", "How are you?"]

    for number, person in enumerate((ada, ben, ada), 1):
        say(person, texts[number - 1])
        person.wait_for_value("[name=text]", "")
        person.wait_until_all_read(WORDS, texts[:number])

    for person in (ada, ben):
        person.wait_until_all_read(WORDS, texts)
        person.wait_until_all_read(".people .unseen", ["Ada", "Ben"])
    ada.wait_for_count("article.mine", 2)
    ben.page.reload()
    ben.wait_until_all_read(WORDS, texts)
    ben.wait_for_count("article.mine", 1)


def test_message_that_the_page_came_with_is_not_shown_again(server, redis_url, enter):
    """A message that the server rendered into the page, and also pushed, appears once."""
    Speaker(server, "Ben", "food").say("Once")
    ada = enter(server, "Ada", "food")
    [(name, html)] = ada.run(
        "() => Array.from(document.querySelectorAll('article'), (one) => [one.id, one.outerHTML])"
    )

    with Publisher(redis_url, prefix=PREFIX, timeout=DEADLINE) as publisher:
        number = int(name.removeprefix("message-"))
        publisher.push({"id": number, "html": html}, "room:food")
    say(ada, "Next")

    ada.wait_until_all_read(WORDS, ["Once", "Next"])


def test_writing_is_shown_until_it_is_said(server, enter):
    """While one person types, the others see who is writing, until the message arrives; the writer
    sees no such line."""
    ada, ben = enter(server, "Ada", "garden"), enter(server, "Ben", "garden")

    ada.type("[name=text]", "We")
    ben.wait_until_reads(".writing", "Ada is writing …")
    say(ada, "Well!")

    ben.wait_until_all_read(WORDS, ["Well!"])
    # The message removes the line long before it would disappear after its timeout.
    assert [person.text(".writing") for person in (ada, ben)] == ["", ""]


def test_other_rooms_are_marked(server, enter):
    """A page shows how many new messages each other room has, as text and in the page's title,
    until the person visits that room."""
    ada, ben = enter(server, "Ada", "music"), enter(server, "Ben", "food")

    say(ada, "Listen!")

    ben.wait_until_all_read("nav [data-room=music]", ["music 1 new"])
    assert ben.page.title() == "(1) food · Chat"
    assert ben.count(WORDS) == 0
    go(ben, "garden")
    ben.wait_until_all_read("nav [data-room=music]", ["music 1 new"])
    go(ben, "music")
    ben.wait_for("() => document.title === 'music · Chat'")


def test_it_works_without_javascript(server, enter):
    """A person without JavaScript can use the whole chat, but sees new messages only after a
    reload."""
    ada = enter(server, "Ada", "food")
    ben = enter(server, "Ben", "food", java_script_enabled=False)
    page = ben.page

    say(ben, "No script at all")
    expect(page.locator(WORDS)).to_have_text(["No script at all"])
    ada.wait_until_all_read(WORDS, ["No script at all"])
    say(ada, "I see you")
    ada.wait_for_count(WORDS, 2)
    page.click("text=Reload")

    expect(page.locator(WORDS)).to_have_text(["No script at all", "I see you"])
    expect(page.locator(".people .unseen")).to_have_text(["Ada", "Ben"])
    page.click("text=Leave")
    expect(page.locator("h1")).to_have_text("Come in, sit down")


def test_earlier_messages_come_into_the_page(server, enter):
    """A person follows the link to earlier messages. They appear above the others, and keyboard
    focus continues from the place of the link."""
    speaker = Speaker(server, "Ben", "music")
    said = [speaker.say(f"Song {number}") for number in range(33)]
    ada = enter(server, "Ada", "music")
    ada.wait_until_all_read(WORDS, said[-30:])

    ada.press(".earlier", "Enter")

    ada.wait_until_all_read(WORDS, said)
    ada.wait_for_count(".earlier", 0)
    ada.wait_until_all_read("article:focus p", [said[2]])


def test_page_catches_up_when_the_server_was_killed(server, enter):
    """The server is killed and started again. The page shows every message once, and does not
    reload."""
    ada, ben = enter(server, "Ada", "garden"), enter(server, "Ben", "garden")
    say(ada, "before")
    ben.wait_until_all_read(WORDS, ["before"])
    ben.run("window.isTheSamePage = true")

    server.kill()
    for person in (ada, ben):
        person.wait_until_shown(".state .waiting")
    for text in ("into", "the void"):
        say(ada, text)
    server.start()
    speaker = Speaker(server, "Maya", "garden")
    meanwhile = [speaker.say(f"meanwhile {number}") for number in range(4)]
    for person in (ada, ben):
        person.wait_for_count(WORDS, 7)
    say(ben, "after")
    for person in (ada, ben):
        person.wait_until_all_read("article:last-child p", ["after"])

    shown = [person.texts(WORDS) for person in (ada, ben)]
    assert shown[0] == shown[1] == Speaker(server, "Tom", "garden").read()
    assert {*shown[0]} == {"before", "into", "the void", "after", *meanwhile}
    assert ben.run("window.isTheSamePage") is True


def test_more_people_than_there_is_room_for_are_counted(server, enter):
    """Of nine people the page shows five names and "+4", which gives a screen reader the other
    names."""
    names = [f"Guest {number}" for number in range(9)]
    ada = enter(server, names[0], "music")
    for name in names[1:]:
        Speaker(server, name, "music")

    ada.wait_for_count(".people li", 6)
    ada.wait_until_all_read(".people .more [aria-hidden]", ["+4"])
    ada.wait_until_all_read(".people .more .unseen", ["Guest 5, Guest 6, Guest 7, Guest 8"])


def test_draft_outlives_a_reload_until_it_is_said(server, enter):
    """A half-written message is back in its field after a reload, in its own room only; a message
    that was sent does not come back."""
    ada = enter(server, "Ada", "lobby")
    ada.type("[name=text]", "half a thou")

    ada.page.reload()
    ada.wait_for_value("[name=text]", "half a thou")
    go(ada, "food")
    assert ada.value("[name=text]") == ""
    go(ada, "lobby")
    ada.wait_for_value("[name=text]", "half a thou")
    ada.type("[name=text]", "ght")
    ada.press("[name=text]", "Enter")
    ada.wait_until_all_read(WORDS, ["half a thought"])
    ada.page.reload()
    ada.wait_until_open()

    assert ada.value("[name=text]") == ""


@pytest.mark.parametrize("has_scripts", [True, False], ids=["scripts", "no-scripts"])
def test_page_left_in_another_tab_asks_to_log_in_again(server, enter, has_scripts):
    """A person logs out in another tab and sends a message from the old page. The page asks for a
    log-in, and keeps the message."""
    ada = enter(server, "Ada", "lobby", java_script_enabled=has_scripts)
    ada.fill("[name=text]", "too late")
    tab = ada.context.new_page()
    tab.goto(ada.page.url)
    tab.click("text=Leave")
    expect(tab.locator("h1")).to_have_text("Come in, sit down")

    if has_scripts:
        ada.wait_until_shown(".state a")
    ada.press("[name=text]", "Enter")

    expect(ada.page.locator(".notice")).to_contain_text("Log in again")
    if has_scripts:
        ada.fill("[name=name]", "Ada")
        ada.click("form > button")
        ada.wait_for_value("[name=text]", "too late")


def test_message_is_set_in_its_own_direction(server, enter):
    """An Arabic message runs from right to left on an English page."""
    ada = enter(server, "Ada", "garden")

    say(ada, "صباح الخير!")
    ada.wait_for_count(WORDS, 1)

    assert ada.run("getComputedStyle(document.querySelector('article p')).direction") == "rtl"
