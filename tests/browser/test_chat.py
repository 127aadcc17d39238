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
    the page."""
    people = []

    def enter(server, name, room, **options):
        person = come(server.url, **options)
        people.append(person)
        page = chatting.enter(person, name, room)
        if options.get("java_script_enabled", True):
            person.wait_until_open()
        return page

    yield enter
    for person in people:
        # The browser reports a server that is gone.
        person.forgive("WebSocket connection to", "Failed to load resource: net::")


def test_two_people_chat(server, enter):
    """Two people see each message of both once, in order and as it was written, and see each other
    in the list of people."""
    ada, ben = enter(server, "Ada", "lobby"), enter(server, "Ben", "lobby")
    texts = ["Hello <b>Ben</b> & co", "Hello <img src=x onerror=alert(1)> Ada", "How are you?"]

    for page, text in zip((ada, ben, ada), texts, strict=True):
        say(page, text)
        expect(page.locator("[name=text]")).to_have_value("")
        expect(page.locator(WORDS).last).to_have_text(text)

    for page in (ada, ben):
        expect(page.locator(WORDS)).to_have_text(texts)
        expect(page.locator(".people .unseen")).to_have_text(["Ada", "Ben"])
    expect(ada.locator("article.mine")).to_have_count(2)
    ben.reload()
    expect(ben.locator(WORDS)).to_have_text(texts)
    expect(ben.locator("article.mine")).to_have_count(1)


def test_message_that_the_page_came_with_is_not_shown_again(server, redis_url, enter):
    """A message that the server rendered into the page, and also pushed, appears once."""
    Speaker(server, "Ben", "food").say("Once")
    ada = enter(server, "Ada", "food")
    [article] = ada.locator("article").all()

    with Publisher(redis_url, prefix=PREFIX, timeout=DEADLINE) as publisher:
        number = int(article.get_attribute("id").removeprefix("message-"))
        publisher.push({"id": number, "html": article.evaluate("it => it.outerHTML")}, "room:food")
    say(ada, "Next")

    expect(ada.locator(WORDS)).to_have_text(["Once", "Next"])


def test_writing_is_shown_until_it_is_said(server, enter):
    """While one person types, the others see who is writing, until the message arrives; the writer
    sees no such line."""
    ada, ben = enter(server, "Ada", "garden"), enter(server, "Ben", "garden")

    ada.type("[name=text]", "We")
    expect(ben.locator(".writing")).to_have_text("Ada is writing …")
    say(ada, "Well!")

    expect(ben.locator(WORDS)).to_have_text(["Well!"])
    # The message removes the line long before it would disappear after its timeout.
    assert [page.locator(".writing").text_content() for page in (ada, ben)] == ["", ""]


def test_other_rooms_are_marked(server, enter):
    """A page shows how many new messages each other room has, as text and in the page's title,
    until the person visits that room."""
    ada, ben = enter(server, "Ada", "music"), enter(server, "Ben", "food")

    say(ada, "Listen!")

    expect(ben.locator("nav [data-room=music]")).to_have_text("music 1 new")
    expect(ben).to_have_title("(1) food · Chat")
    expect(ben.locator(WORDS)).to_have_count(0)
    ben.click("nav [data-room=garden]")
    expect(ben.locator("nav [data-room=music]")).to_have_text("music 1 new")
    ben.click("nav [data-room=music]")
    expect(ben).to_have_title("music · Chat")


def test_it_works_without_javascript(server, enter):
    """A person without JavaScript can use the whole chat, but sees new messages only after a
    reload."""
    ada = enter(server, "Ada", "food")
    ben = enter(server, "Ben", "food", java_script_enabled=False)

    say(ben, "No script at all")
    expect(ben.locator(WORDS)).to_have_text(["No script at all"])
    expect(ada.locator(WORDS)).to_have_text(["No script at all"])
    say(ada, "I see you")
    expect(ada.locator(WORDS)).to_have_count(2)
    ben.click("text=Reload")

    expect(ben.locator(WORDS)).to_have_text(["No script at all", "I see you"])
    expect(ben.locator(".people .unseen")).to_have_text(["Ada", "Ben"])
    ben.click("text=Leave")
    expect(ben.locator("h1")).to_have_text("Come in, sit down")


def test_earlier_messages_come_into_the_page(server, enter):
    """A person follows the link to earlier messages. They appear above the others, and keyboard
    focus continues from the place of the link."""
    speaker = Speaker(server, "Ben", "music")
    said = [speaker.say(f"Song {number}") for number in range(33)]
    ada = enter(server, "Ada", "music")
    expect(ada.locator(WORDS)).to_have_text(said[-30:])

    ada.focus("text=Earlier messages")
    ada.keyboard.press("Enter")

    expect(ada.locator(WORDS)).to_have_count(33)
    expect(ada.locator(".earlier")).to_have_count(0)
    assert ada.locator(WORDS).all_text_contents() == said
    expect(ada.locator("article:focus p")).to_have_text(said[2])


def test_page_catches_up_when_the_server_was_killed(server, enter):
    """The server is killed and started again. The page shows every message once, and does not
    reload."""
    ada, ben = enter(server, "Ada", "garden"), enter(server, "Ben", "garden")
    say(ada, "before")
    expect(ben.locator(WORDS)).to_have_text(["before"])
    ben.evaluate("window.isTheSamePage = true")

    server.kill()
    for page in (ada, ben):
        expect(page.locator(".state .waiting")).to_be_visible()
    for text in ("into", "the void"):
        say(ada, text)
    server.start()
    speaker = Speaker(server, "Maya", "garden")
    meanwhile = [speaker.say(f"meanwhile {number}") for number in range(4)]
    for page in (ada, ben):
        expect(page.locator(WORDS)).to_have_count(7)
    say(ben, "after")
    for page in (ada, ben):
        expect(page.locator(WORDS).last).to_have_text("after")

    shown = [page.locator(WORDS).all_text_contents() for page in (ada, ben)]
    assert shown[0] == shown[1] == Speaker(server, "Tom", "garden").read()
    assert {*shown[0]} == {"before", "into", "the void", "after", *meanwhile}
    assert ben.evaluate("window.isTheSamePage") is True


def test_more_people_than_there_is_room_for_are_counted(server, enter):
    """Of nine people the page shows five names and "+4", which gives a screen reader the other
    names."""
    names = [f"Guest {number}" for number in range(9)]
    ada = enter(server, names[0], "music")
    for name in names[1:]:
        Speaker(server, name, "music")

    more = ada.locator(".people .more")

    expect(ada.locator(".people li")).to_have_count(6)
    expect(more.locator("[aria-hidden]")).to_have_text("+4")
    expect(more.locator(".unseen")).to_have_text("Guest 5, Guest 6, Guest 7, Guest 8")


def test_draft_outlives_a_reload_until_it_is_said(server, enter):
    """A half-written message is back in its field after a reload, in its own room only; a message
    that was sent does not come back."""
    ada = enter(server, "Ada", "lobby")
    ada.type("[name=text]", "half a thou")

    ada.reload()
    expect(ada.locator("[name=text]")).to_have_value("half a thou")
    ada.click("nav [data-room=food]")
    expect(ada.locator("h1")).to_contain_text("food")
    expect(ada.locator("[name=text]")).to_have_value("")
    ada.click("nav [data-room=lobby]")
    expect(ada.locator("[name=text]")).to_have_value("half a thou")
    ada.type("[name=text]", "ght")
    ada.press("[name=text]", "Enter")
    expect(ada.locator(WORDS)).to_have_text(["half a thought"])
    ada.reload()

    expect(ada.locator("[name=text]")).to_have_value("")


@pytest.mark.parametrize("has_scripts", [True, False], ids=["scripts", "no-scripts"])
def test_page_left_in_another_tab_asks_to_log_in_again(server, enter, has_scripts):
    """A person logs out in another tab and sends a message from the old page. The page asks for a
    log-in, and keeps the message."""
    ada = enter(server, "Ada", "lobby", java_script_enabled=has_scripts)
    ada.fill("[name=text]", "too late")
    tab = ada.context.new_page()
    tab.goto(ada.url)
    tab.click("text=Leave")
    expect(tab.locator("h1")).to_have_text("Come in, sit down")

    if has_scripts:
        expect(ada.locator(".state >> text=Reload")).to_be_visible()
    ada.press("[name=text]", "Enter")

    expect(ada.locator(".notice")).to_contain_text("Log in again")
    if has_scripts:
        ada.fill("[name=name]", "Ada")
        ada.click("text=Enter")
        expect(ada.locator("[name=text]")).to_have_value("too late")


def test_message_is_set_in_its_own_direction(server, enter):
    """An Arabic message runs from right to left on an English page."""
    ada = enter(server, "Ada", "garden")

    say(ada, "صباح الخير!")
    expect(ada.locator(WORDS)).to_have_count(1)

    assert ada.evaluate("getComputedStyle(document.querySelector('article p')).direction") == "rtl"
