"""The publisher pushes without an app, with nothing but the address of Redis."""

import datetime
import json
import subprocess
import sys
import threading

import pytest
import redis
from markupsafe import Markup

from flask_realtime import (
    InvalidChannel,
    InvalidIdentity,
    NotSubscribed,
    Publisher,
    RegistryUnavailable,
)
from flask_realtime.config.settings import Config
from flask_realtime.registries.redis.registry import RedisRegistry
from tests.contract.recorder import Recorder

from ..eventually import DEADLINE, eventually
from .serving import free_port


@pytest.fixture
def heard():
    return Recorder()


@pytest.fixture
def open_registry(redis_url, channel, heard):
    """A function that opens the registry of an app, with the name of the test's channel as its
    prefix."""
    opened = []

    def open_one(**settings):
        common = {"REDIS": redis_url, "REDIS_PREFIX": channel, "REDIS_TIMEOUT_SECONDS": DEADLINE}
        settings = {**common, **settings}
        names = {f"REALTIME_{name}": value for name, value in settings.items()}
        registry = RedisRegistry(Config.from_mapping(names))
        registry.start(heard.receiver())
        opened.append(registry)
        return registry

    yield open_one
    for registry in opened:
        registry.close()


@pytest.fixture
def publisher(redis_url, channel):
    with Publisher(redis_url, prefix=channel, timeout=DEADLINE) as publisher:
        yield publisher


def test_publisher_pushes_as_an_app_does(open_registry, publisher, heard):
    """A publisher takes the channels, the push ids and the JSON that an app takes."""
    registry = open_registry()
    registry.listen(["room:1", "room:2", "elsewhere"])
    registry.subscribe("d" * 64, ["room:1", "room:2"])

    publisher.push({"on": datetime.date(2026, 1, 2)}, "room:1")
    publisher.push("all", ["elsewhere"], pattern="room:*")
    publisher.push("once", "room:1", push_id="an id")
    publisher.push("once", "room:1", push_id="an id")
    publisher.push_many([("first", "room:2"), ("last", ["room:1", "room:2"])])
    publisher.push_many([("many", ())], pattern="*:2")

    heard.wait_for(lambda: len(heard.publications) == 9)
    assert heard.payloads("room:1") == [
        '{"on": "Fri, 02 Jan 2026 00:00:00 GMT"}', '"all"', '"once"', '"last"',
    ]  # fmt: skip
    assert heard.payloads("room:2") == ['"all"', '"first"', '"last"', '"many"']
    assert heard.payloads("elsewhere") == ['"all"']


def test_publisher_pushes_to_one_client(open_registry, publisher, heard):
    """A publisher pushes to a client by the digest that a view has stored; a client that has left
    is no error, and a wrong digest is."""
    registry = open_registry()
    registry.listen(["room"])
    digest, left = "d" * 64, "e" * 64
    for client in (digest, left):
        registry.subscribe(client, ["room"])
    registry.unsubscribe(left, ["room"])

    publisher.push_to(left, "not heard", "room")
    publisher.push_to("f" * 64, "not heard either", "room")
    publisher.push_to(digest, "psst", "room")
    with pytest.raises(NotSubscribed, match="'hall'"):
        publisher.push_to(digest, "psst", "hall")
    with pytest.raises(InvalidChannel):
        publisher.push_to(digest, "psst", "room:*")

    heard.wait_for(lambda: heard.publications)
    assert [(one.payload, one.route.to) for one in heard.publications] == [('"psst"', digest)]


def test_publisher_pushes_to_a_user(open_registry, publisher, heard):
    """A publisher's to_user() pushes to all pages of the user."""
    registry = open_registry()
    registry.listen(["@user:4%202", "@user:43"])

    publisher.to_user("4 2").push({"unread": 3})
    publisher.to_user("4 2", push_id="an id").append("#mail", html="<b>")
    publisher.to_user("4 2", push_id="an id").append("#mail", html="<b>")
    publisher.to_user(43, ephemeral=True).push("now")
    for stranger in (None, ""):
        with pytest.raises(InvalidIdentity):
            publisher.to_user(stranger)

    heard.wait_for(lambda: len(heard.publications) == 3)
    assert [one.route.kind for one in heard.publications] == ["payload", "html", "payload"]
    assert heard.payloads("@user:43") == ['"now"']


def test_publisher_keeps_to_the_limits_of_the_app(open_registry, publisher):
    """A publisher, which does not know the app's settings, leaves no longer log than they allow."""
    registry = open_registry(HISTORY_SIZE=2)
    registry.subscribe("d" * 64, ["room"])
    start = registry.read({"room": None}, 1)["room"].tail

    publisher.push_many([(number, "room") for number in range(3)])

    assert registry.read({"room": start}, 1000)["room"].lost


def test_publisher_says_what_it_could_not_push_and_where():
    """Without Redis a push raises an error within its timeout, with the id to push again with."""
    publisher = Publisher(f"redis://:hidden@127.0.0.1:{free_port()}/0", timeout=0.5)

    with pytest.raises(RegistryUnavailable, match=r"\(redis_url\)") as refused:
        publisher.push("hi", "room", push_id="an id")

    assert refused.value.push_id == "an id"
    assert refused.value.accepted == ()
    assert "hidden" not in str(refused.value)


def test_publisher_is_safe_for_threads(open_registry, publisher, heard):
    """Many threads can push at once with one publisher."""
    open_registry().listen(["room"])
    threads = [
        threading.Thread(target=lambda: [publisher.push(one, "room") for one in range(25)])
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)

    heard.wait_for(lambda: len(heard.publications) == 200)


def test_publisher_lets_go_of_its_connections(redis_url, channel):
    """A publisher closes its connections at the end of a with block."""
    with redis.Redis.from_url(redis_url) as client:
        before = {one["id"] for one in client.client_list()}
        with Publisher(redis_url, prefix=channel, timeout=DEADLINE) as publisher:
            publisher.push("hi", "room")
            during = {one["id"] for one in client.client_list()} - before

        assert len(during) == 1
        eventually(lambda: not during & {one["id"] for one in client.client_list()})


FORKED = """
import os, sys
from flask_realtime import Publisher
publisher = Publisher(sys.argv[1], prefix=sys.argv[2], timeout=60)
publisher.push("parent", "room")
children = []
for number in range(4):
    child = os.fork()
    if not child:
        for _ in range(50):
            publisher.push("child", "room")
        os._exit(0)
    children.append(child)
for _ in range(50):
    publisher.push("parent", "room")
assert all(os.waitpid(child, 0)[1] == 0 for child in children)
"""


def test_publisher_goes_on_after_a_fork(open_registry, heard, redis_url, channel):
    """A process that was forked after a push does not use its parent's connection."""
    open_registry().listen(["room"])

    command = [sys.executable, "-W", "ignore", "-c", FORKED, redis_url, channel]
    finished = subprocess.run(command, timeout=DEADLINE, capture_output=True, text=True)

    assert finished.returncode == 0, finished.stderr
    heard.wait_for(lambda: len(heard.publications) == 251)
    assert heard.payloads("room").count('"child"') == 200


def test_publisher_changes_pages(open_registry, publisher, heard):
    """A publisher's HTML is sent like a message; an ephemeral push is in no log."""
    registry = open_registry()
    registry.listen(["room:1"])
    registry.subscribe("d" * 64, ["room:1"])
    start = registry.read({"room:1": None}, 1)["room:1"].tail

    with publisher.to("room:1") as change:
        change.append("#messages", html=Markup("<b>hi</b>"))
        change.update("#count", html="<1>")
    publisher.to("room:1", ephemeral=True).push("writing")
    publisher.to(pattern="room:*").refresh()

    heard.wait_for(lambda: len(heard.publications) == 3)
    kinds = [(one.route.kind, one.is_ephemeral) for one in heard.publications]
    assert kinds == [("html", False), ("payload", True), ("refresh", False)]
    assert json.loads(heard.publications[0].payload) == [
        {"action": "append", "target": "#messages", "html": "<b>hi</b>"},
        {"action": "update", "target": "#count", "html": "&lt;1&gt;"},
    ]
    page = registry.read({"room:1": start}, 10_000)["room:1"]
    assert [one.route.kind for one in page.publications] == ["html", "refresh"]


def test_publisher_renders_no_template(publisher):
    """A publisher has no app with templates; the error says what to pass instead."""
    with pytest.raises(TypeError, match="html="):
        publisher.to("room:1").append("#messages", "_message.html")
