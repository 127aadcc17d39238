"""People use examples/chat in a browser, on two workers and a real Valkey."""

import pathlib
import re
import secrets
import signal
import sqlite3
from contextlib import closing

import pytest
from playwright.sync_api import expect

from flask_realtime import Publisher

from ..integration.browsers import Browser
from ..integration.conftest import unexpected_tracebacks
from ..integration.serving import ServerProcess, get

CHAT = pathlib.Path(__file__).parents[2] / "examples" / "chat"
WORDS = "article p"


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    return tmp_path_factory.mktemp("chat") / "chat.sqlite"


@pytest.fixture(scope="module")
def environ(redis_url, database):
    return {
        "FLASK_REALTIME_REDIS": redis_url,
        "FLASK_REALTIME_REDIS_PREFIX": "browser-chat",
        "FLASK_SQLALCHEMY_DATABASE_URI": f"sqlite:///{database}",
    }


class Chat:
    """The running example, which can be killed and started again on the same port."""

    def __init__(self, environ):
        self._environ = environ
        self._server = None
        self.start()

    @property
    def url(self):
        return self._server.url

    def start(self):
        port = self._server and self._server.port
        self._server = ServerProcess(
            "gevent", "app:app", workers=2, folder=CHAT, port=port, **self._environ
        ).__enter__()
        get(self.url)  # It makes its database before it answers.

    def kill(self):
        self._server.stop(signal.SIGKILL)
        self._server.__exit__()

    def stop(self):
        self._server.__exit__()

    def log(self):
        return self._server.log()


@pytest.fixture(scope="module")
def server(environ):
    server = Chat(environ)
    yield server
    log = server.log()
    server.stop()
    assert unexpected_tracebacks(log) == []


@pytest.fixture(autouse=True)
def nothing_said(server, database):
    """Empty all rooms before each test."""
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
        person.visit("/", is_open=False)
        person.page.fill("[name=name]", name)
        person.page.check(f"[value={room}]")
        person.page.click("text=Enter")
        if options.get("java_script_enabled", True):
            person.wait_for_state("open")
        return person.page

    yield enter
    for person in people:
        # The browser reports a server that is gone.
        person.forgive("WebSocket connection to", "Failed to load resource: net::")


def say(page, text):
    page.fill("[name=text]", text)
    page.press("[name=text]", "Enter")


def test_two_people_chat(server, enter):
    """What two people write they both see once, in order, as it was written, and both are shown as
    present."""
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


def test_message_that_the_page_came_with_is_not_shown_again(server, environ, enter):
    """A message that was rendered into the page and is pushed as well appears once."""
    Speaker(server, "Ben", "food").say("Once")
    ada = enter(server, "Ada", "food")
    [article] = ada.locator("article").all()

    with Publisher(environ["FLASK_REALTIME_REDIS"], prefix="browser-chat") as publisher:
        number = int(article.get_attribute("id").removeprefix("message-"))
        publisher.push({"id": number, "html": article.evaluate("it => it.outerHTML")}, "room:food")
    say(ada, "Next")

    expect(ada.locator(WORDS)).to_have_text(["Once", "Next"])


def test_writing_is_shown_until_it_is_said(server, enter):
    """The others see who is writing until the message comes; the one who writes does not see it."""
    ada, ben = enter(server, "Ada", "garden"), enter(server, "Ben", "garden")

    ada.type("[name=text]", "We")
    expect(ben.locator(".writing")).to_have_text("Ada is writing …")
    say(ada, "Well!")

    expect(ben.locator(WORDS)).to_have_text(["Well!"])
    # The message takes it away, long before it would disappear by itself.
    assert [page.locator(".writing").text_content() for page in (ada, ben)] == ["", ""]


def test_other_rooms_are_marked(server, enter):
    """A room with a new message is marked on pages of other rooms."""
    ada, ben = enter(server, "Ada", "music"), enter(server, "Ben", "food")

    say(ada, "Listen!")

    expect(ben.locator("nav .unread")).to_have_text("music")
    expect(ben.locator(WORDS)).to_have_count(0)


def test_it_works_without_javascript(server, enter):
    """Without JavaScript all works, but new messages come only with a reload."""
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
    """The link to earlier messages puts them before those that are shown."""
    speaker = Speaker(server, "Ben", "music")
    said = [speaker.say(f"Song {number}") for number in range(33)]
    ada = enter(server, "Ada", "music")
    expect(ada.locator(WORDS)).to_have_text(said[-30:])

    ada.click("text=Earlier messages")

    expect(ada.locator(WORDS).last).to_have_text(said[-1])
    expect(ada.locator(".earlier")).to_have_count(0)
    assert ada.locator(WORDS).all_text_contents() == said


def test_page_catches_up_when_the_server_was_killed(server, enter):
    """When a killed server comes back, a page has no gap and no repeat, and does not reload."""
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


class Speaker:
    """Somebody who chats by plain HTTP."""

    def __init__(self, server, name, room):
        self.browser, self.path = Browser(server.url), f"/rooms/{room}"
        hidden = r'<input type="hidden" name="(\w+)" value="(.+?)">'
        self.fields = dict(re.findall(hidden, self.browser.get("/").text))
        self.browser.post("/enter", data={**self.fields, "name": name, "room": room})

    def say(self, text):
        fields = {**self.fields, "key": secrets.token_hex(8), "text": text}
        self.browser.post(f"{self.path}/messages", data=fields, allow_redirects=False)
        return text

    def read(self):
        return re.findall("<p>(.*?)</p>", self.browser.get(self.path).text)
