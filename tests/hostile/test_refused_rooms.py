"""An open page asks again and again for a room that refuses it, while others talk there."""

from __future__ import annotations

import threading
from urllib.parse import unquote

import pytest

from ..eventually import DEADLINE
from ..integration.browsers import Browser
from ..integration.serving import ServerProcess

#: Rooms that refuse everybody. Each route subscribes the page before it refuses, the worst order.
APP = """
import json
import os

from flask import Flask, abort, render_template_string
from flask_realtime import Realtime

app = Flask(__name__)
app.secret_key = "a secret of the tests"
app.config.update(
    {key: json.loads(value) for key, value in os.environ.items() if key.startswith("REALTIME_")}
)
realtime = Realtime(app)
PAGE = "<body>{{ realtime_script() }}{% block talk %}{% endblock %}"

@app.get("/hall/<room>")
@realtime.subscribes("{room}")
def hall(room):
    return render_template_string(PAGE)

@app.get("/rooms/<path:room>")
@realtime.allow_calls
@realtime.subscribes("{room}", last=3)
def show(room):
    abort(403)

@app.get("/asked/<path:room>")
@realtime.allow_calls
def asked(room):
    realtime.socket.subscribe(room, last=3)
    page = render_template_string(PAGE)
    abort(403)

@app.post("/in-words/<path:room>")
@realtime.allow_calls
def in_words(room):
    realtime.socket.subscribe(room)
    return "You may not.", 403

@app.post("/say/<room>")
def say(room):
    realtime.push("secret", room)
    return "", 204

@realtime.handler("enter")
def enter(room):
    realtime.socket.subscribe(room, last=3)
    abort(403)
"""
TIMES = 10
#: Names that no channel can have, as parts of a path.
NO_NAMES = ["*", "a*b", "n" * 250, "a%07b", "a%0Ab", "a%00b", "%7F", "@user:1"]


@pytest.fixture(scope="module", params=["gevent", "gthread"])
def server(request, redis_url, tmp_path_factory, settings):
    folder = tmp_path_factory.mktemp("refused")
    (folder / "refused.py").write_text(APP)
    environ = settings("redis")
    with ServerProcess(request.param, "refused:app", workers=2, folder=folder, **environ) as server:
        yield server


@pytest.fixture
def page(server, channel):
    """An open page, which is subscribed to the channel ``channel``."""
    browser = Browser(server.url)
    connection_id = browser.page(f"/hall/{channel}")
    browser.http.headers.update({"X-Realtime-Connection-Id": connection_id})
    with browser.open(connection_id) as socket:
        yield browser, socket


@pytest.fixture
def talk(server):
    """A function that lets others talk in a room until the test ends."""
    is_over, threads = threading.Event(), []

    def talk(room):
        others = Browser(server.url)
        others.post(f"/say/{room}")

        def run():
            while not is_over.is_set():
                others.post(f"/say/{room}")

        threads.append(threading.Thread(target=run))
        threads[0].start()

    yield talk
    is_over.set()
    for thread in threads:
        thread.join(DEADLINE)


def by_http(browser, socket, path, room):
    return browser.http.get(f"{browser.url}{path}{room}", timeout=DEADLINE).status_code


def for_a_block(browser, socket, path, room):
    headers = {"X-Realtime-Block": "talk"}
    url = f"{browser.url}{path}{room}"
    return browser.http.get(url, headers=headers, timeout=DEADLINE).status_code


def by_call(browser, socket, path, room):
    return socket.call(f"{path}{room}")["status"]


def by_post(browser, socket, path, room):
    return browser.http.post(f"{browser.url}/in-words/{room}", timeout=DEADLINE).status_code


def by_posting_call(browser, socket, path, room):
    return socket.call(f"/in-words/{room}", method="post")["status"]


def by_handler(browser, socket, path, room):
    return socket.ask("enter", data=unquote(room))["status"]


WAYS = [by_http, for_a_block, by_call, by_post, by_posting_call, by_handler]


def test_room_that_refuses_is_not_heard_for_a_moment(server, page, talk, channel):
    """The page hears no message of the room, however it asks."""
    browser, socket = page
    secret = f"{channel}-secret"
    talk(secret)

    statuses = {
        way(browser, socket, path, secret)
        for _ in range(TIMES)
        for path in ("/rooms/", "/asked/")
        for way in WAYS
    }
    Browser(server.url).post(f"/say/{channel}")

    assert statuses == {403}
    assert socket.push()["channel"] == channel
    assert [message for message in socket.kept if "channel" in message] == []


@pytest.mark.parametrize("room", NO_NAMES)
def test_room_by_a_name_that_no_channel_has_is_not_found(server, page, room):
    """A name that cannot be a channel's is answered 404, not 500, whatever subscribes the page."""
    browser, socket = page

    # For a request that asks for a block, the decorator does not subscribe the page.
    ways = [(way, path) for way in WAYS for path in ("/rooms/", "/asked/")]
    ways.remove((for_a_block, "/rooms/"))
    statuses = {way.__name__: way(browser, socket, path, room) for way, path in ways}

    # A call is answered 421 if the name has a line break: no route fits such a path.
    assert {way: one for way, one in statuses.items() if one not in (404, 421)} == {}
    assert statuses["by_handler"] == statuses["by_http"] == 404
    assert "Traceback" not in server.log()
