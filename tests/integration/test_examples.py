"""The examples work when they are run as their READMEs say."""

import pathlib
import re

import pytest

from .browsers import Browser, connection_id
from .serving import ServerProcess

EXAMPLES = pathlib.Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module", params=[1, 2], ids=["memory", "redis"])
def chat(request, redis_url, tmp_path_factory):
    url = redis_url if request.param == 2 else None
    with example("chat", request.param, url, tmp_path_factory.mktemp("chat")) as server:
        yield server


def test_chat_is_heard_in_the_other_window(chat):
    """What one person writes, by a form or over the socket, the other one sees at once and after a
    reload."""
    ada, ben = enter(chat, "Ada"), enter(chat, "Ben")
    ada_page, ben_page = ada.get("/rooms/lobby").text, ben.get("/rooms/lobby").text
    with (
        ben.open(connection_id(ben_page)) as heard,
        ada.open(connection_id(ada_page)) as said,
    ):
        fields = hidden(ada_page)
        ada.post("/rooms/lobby/messages", data={**fields, "text": "by a form"})
        fields["key"] = "another"
        over_socket = {**fields, "text": "over the <socket>"}
        reply = said.call("/rooms/lobby/messages", method="post", input=over_socket)
        said.ask("writing", room="lobby")

        one, other = (push(heard, "room:lobby")["html"] for _ in range(2))
        writer = push(heard, "writing:lobby")

    assert reply["status"] == 204
    assert "by a form" in one
    assert "over the &lt;socket&gt;" in other
    assert writer == "Ada"
    assert "over the &lt;socket&gt;" in ben.get("/rooms/lobby").text


def test_chat_takes_a_message_that_is_sent_twice_as_one(chat):
    """A chat message that is sent twice with the same key appears once."""
    ada = enter(chat, "Ada")
    page = ada.get("/rooms/music").text
    with ada.open(connection_id(page)) as socket:
        for _ in range(2):
            ada.post("/rooms/music/messages", data={**hidden(page), "text": "hello"})
        ada.post("/rooms/music/messages", data={**hidden(page), "text": "last", "key": "last"})

        heard = [push(socket, "room:music")["html"] for _ in range(2)]

    assert ["hello" in heard[0], "last" in heard[1]] == [True, True]
    assert ada.get("/rooms/music").text.count(">hello</p>") == 1


def test_chat_shows_who_is_here(chat):
    """The list of people in a room changes as soon as somebody comes or leaves."""
    ada, ben = enter(chat, "Ada"), enter(chat, "Ben")
    with ada.open(ada.page("/rooms/garden")) as socket:
        with ben.open(ben.page("/rooms/garden")):
            alone, both = (push(socket, "here:garden") for _ in range(2))
        left = push(socket, "here:garden")

        answer = socket.ask("here", room="garden")["body"]

    assert ["Ben" in people for people in (alone, both, left)] == [False, True, False]
    assert ["Ada" in people for people in (alone, both, left)] == [True, True, True]
    assert answer == left


def test_chat_gives_earlier_messages_as_a_page_or_as_a_part_of_one(chat):
    """The link to earlier messages leads to a page, and a call of it returns the messages alone."""
    ada = enter(chat, "Ada")
    page = ada.get("/rooms/food").text
    for number in range(35):
        fields = {**hidden(page), "key": f"k{number}", "text": f"no. {number}."}
        ada.post("/rooms/food/messages", data=fields, allow_redirects=False)
    page = ada.get("/rooms/food").text
    uri = re.search(r'href="(/rooms/food/before/\d+)"', page)[1]
    with ada.open(connection_id(page)) as socket:
        part = socket.call(uri)["body"]

    whole = ada.get(uri).text

    assert re.findall(r"no\. \d+\.", page) == [f"no. {number}." for number in range(5, 35)]
    assert re.findall(r"no\. \d+\.", part) == [f"no. {number}." for number in range(5)]
    assert re.findall(r"no\. \d+\.", whole) == [f"no. {number}." for number in range(5)]
    assert "<body" not in part


def test_chat_lets_nobody_speak_without_a_name_or_from_elsewhere(chat):
    """A message without a name or a CSRF token is refused, by form and over the socket."""
    nobody, ada = Browser(chat.url), enter(chat, "Ada")
    page = ada.page("/rooms/lobby")
    leaving = hidden(ada.get("/rooms/lobby").text)
    with ada.open(page) as socket:
        forged = socket.call("/rooms/lobby/messages", method="post", input={"text": "hi"})
        ada.post("/leave", data=leaving)

        assert socket.close_code() == 1000
    assert forged["status"] == 400
    assert "Come in" in nobody.get("/rooms/lobby").text
    assert "Come in" in ada.get("/rooms/lobby").text


@pytest.mark.parametrize("with_redis", [False, True], ids=["thread", "process"])
def test_progress_of_a_job_is_heard_from_its_first_part(with_redis, redis_url, tmp_path):
    """A page hears every part of a job, whether the job is a thread or a process."""
    with example("progress", 1, redis_url if with_redis else None, tmp_path) as server:
        browser = Browser(server.url)
        with browser.open(connection_id(browser.post("/jobs").text)) as socket:
            of_form = socket.payloads(5)
        with browser.open(browser.page("/")) as socket:
            card = socket.call("/jobs", method="post")["body"]
            of_call = socket.payloads(5)

    assert card.strip().startswith("<article")
    assert [part["done"] for part in of_form] == [0.01, 0.02, 0.03, 0.04, 0.05]
    assert [part["done"] for part in of_call] == [0.01, 0.02, 0.03, 0.04, 0.05]
    assert ("MainThread" in of_call[0]["where"]) is with_redis


def enter(server, name):
    """Return a browser in which somebody of that name has entered the chat."""
    browser = Browser(server.url)
    fields = hidden(browser.get("/").text)
    browser.post("/enter", data={**fields, "name": name, "room": "lobby"})
    return browser


def hidden(html):
    """Return the hidden fields of the forms in a page."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="(.+?)">', html))


def push(socket, channel):
    """Return the next payload of *channel*."""
    while (pushed := socket.push())["channel"] != channel:
        pass
    return pushed["payload"]


def example(name, workers, redis_url, tmp_path):
    environ = {"FLASK_SQLALCHEMY_DATABASE_URI": f"sqlite:///{tmp_path}/chat.sqlite"}
    if redis_url is not None:
        environ["FLASK_REALTIME_REDIS"] = redis_url
    folder = EXAMPLES / name
    return ServerProcess("gevent", "app:app", workers=workers, folder=folder, **environ)
