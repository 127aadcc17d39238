"""Runs examples/chat, and drives people who use it."""

from __future__ import annotations

import pathlib
import re
import secrets
import signal

from ..integration.browsers import Browser
from ..integration.serving import ServerProcess, get

CHAT = pathlib.Path(__file__).parents[2] / "examples" / "chat"
WORDS = "article p"
PREFIX = "browser-chat"


class Chat:
    """The example, served by two workers. It can be killed and started again on the same port.

    :param redis_url: the address of Redis.
    :param database: the path of its SQLite database.
    """

    def __init__(self, redis_url, database):
        self._environ = {
            "FLASK_REALTIME_REDIS": redis_url,
            "FLASK_REALTIME_REDIS_PREFIX": PREFIX,
            "FLASK_SQLALCHEMY_DATABASE_URI": f"sqlite:///{database}",
        }
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
        get(self.url)  # the app creates its database before it answers

    def kill(self):
        self._server.stop(signal.SIGKILL)
        self._server.__exit__()

    def stop(self):
        self._server.__exit__()

    def log(self):
        return self._server.log()


def enter(person, name, room):
    """Enter a name and choose a room on the first page; the page of the room is on its way then."""
    person.visit("/", is_open=False)
    person.fill("[name=name]", name)
    person.click(f".choice:has([value={room}])")
    person.click("form > button")


def say(person, text):
    person.fill("[name=text]", text)
    person.press("[name=text]", "Enter")


class Speaker:
    """Somebody who chats by plain HTTP, without a browser and without a socket."""

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
        return re.findall('<p dir="auto">(.*?)</p>', self.browser.get(self.path).text)
