"""The extension object, as an app's own code meets it."""

import subprocess
import sys
import threading
import tracemalloc
from contextlib import contextmanager

import flask
import pytest

import flask_realtime
from flask_realtime import (
    AlreadyRegistered,
    InvalidChannel,
    InvalidSetting,
    NobodyListens,
    NoContext,
    NotSubscribed,
    Realtime,
    SetupFinished,
)
from flask_realtime.protocol.positions import Position
from flask_realtime.protocol.routes import Route
from flask_realtime.registries.memory.registry import MemoryRegistry
from flask_realtime.registries.records import RegistryEvents
from tests.eventually import DEADLINE, eventually

from .handshakes import admitted


def make_app(realtime=None, name="one", **settings):
    """An app of one view, and what is pushed down the channel ``room`` there."""
    app = flask.Flask(name)
    app.config.update(SECRET_KEY="a secret of the tests", TESTING=True, REALTIME_REGISTRY="memory")
    app.config.update(settings)
    app.add_url_rule("/", "index", lambda: "<body>")
    if realtime is not None:
        realtime.init_app(app)
    return app


class Heard:
    """What one app's process is told of its channel."""

    def __init__(self, app):
        self.payloads = []
        self._news = threading.Semaphore(0)
        registry = app.extensions["realtime"].node().registry
        registry.start(
            RegistryEvents(
                deliver=self._deliver,
                changed=lambda digest: None,
                disconnected=lambda order: None,
                unsubscribed=lambda user, channel: None,
                interrupted=lambda: None,
                restored=lambda: None,
            )
        )
        registry.listen(["room"])

    def next(self):
        assert self._news.acquire(timeout=DEADLINE), "Nothing was delivered."
        return self.payloads.pop(0)

    def _deliver(self, publication):
        self.payloads.append(publication.payload)
        self._news.release()


def read_log(app):
    """What the log of the channel ``room`` holds, from its beginning."""
    registry = app.extensions["realtime"].node().registry
    tail = registry.read({"room": None}, 1)["room"].tail
    return registry.read({"room": Position(tail.epoch, 0, "")}, 10_000)["room"].publications


@contextmanager
def open_page(app, channel):
    """A socket of the app's process that is on a channel."""
    node = app.extensions["realtime"].node()
    with admitted(node) as connection:
        node.registry.subscribe(connection.digest, [channel])
        connection.receiver.opened()
        eventually(lambda: node.is_heard(channel))
        yield


def test_push_finds_the_only_app_without_a_context():
    """A thread or a script need not push a context where one app was initialised."""
    realtime = Realtime()
    heard = Heard(make_app(realtime))

    realtime.push("hi", "room")

    assert heard.next() == '"hi"'


def test_push_goes_to_the_app_of_the_context():
    """One object serves several apps; what is pushed in one is not heard in another."""
    realtime = Realtime()
    one, other = make_app(realtime), make_app(realtime, "other")
    heard = Heard(one), Heard(other)

    with other.app_context():
        realtime.push("for the other", "room")
    with one.app_context():
        realtime.push("for the one", "room")

    assert heard[1].next() == '"for the other"'
    assert heard[0].next() == '"for the one"'


def test_push_says_that_it_does_not_know_which_app():
    """Two apps and no context: an error that tells what to do."""
    realtime = Realtime()
    apps = make_app(realtime), make_app(realtime, "other")

    with pytest.raises(NoContext, match=r"2 apps .*app\.app_context"):
        realtime.push("hi", "room")
    assert len(apps) == 2


def test_push_in_a_foreign_app_names_it():
    """An app that was forgotten in init_app is named."""
    app = make_app()
    realtime = Realtime(app)

    with make_app(name="foreign").app_context(), pytest.raises(NoContext, match="'foreign'"):
        realtime.push("hi", "room")


def test_push_many_keeps_the_order():
    """One after the other, each down its own channels."""
    realtime = Realtime()
    heard = Heard(make_app(realtime))

    realtime.push_many([(1, "room"), (2, ["room", "elsewhere"]), (3, "room")])
    realtime.push_many([])

    assert [heard.next() for _ in range(3)] == ["1", "2", "3"]


@pytest.mark.parametrize("message", [float("nan"), [float("inf")], "\ud800"], ids=repr)
def test_push_refuses_what_no_browser_reads(message):
    """A message that would break the page's JSON.parse fails where it is pushed."""
    app = make_app()
    app.json.ensure_ascii = False
    realtime = Realtime(app)

    with pytest.raises(ValueError):
        realtime.push(message, "room")


@pytest.mark.parametrize(
    "push_id",
    ["", 7, "x" * 201, "\ud800"],
    ids=["empty", "no text", "too long", "half a surrogate pair"],
)
def test_push_refuses_what_is_no_push_id(push_id):
    """A push id is a text that the caller will know again."""
    app = make_app()
    realtime = Realtime(app)

    with pytest.raises(ValueError, match="push_id"):
        realtime.push("hi", "room", push_id=push_id)


def test_push_keeps_nothing_in_memory_but_the_log():
    """What nobody can repeat is not remembered, or a busy process would hold 300 s of ids."""
    # Held, for a Realtime only knows its app: one that nobody holds may be collected.
    app = make_app(REALTIME_HISTORY_SIZE=10)
    realtime = Realtime(app)
    realtime.push_many((number, "room") for number in range(100))
    tracemalloc.start()
    for number in range(5000):
        realtime.push(number, "room")

    held, _ = tracemalloc.get_traced_memory()

    tracemalloc.stop()
    assert held < 100_000


def test_push_from_a_process_that_never_serves_is_an_error(monkeypatch):
    """On memory that nobody asked for, the push of a job queue's worker could reach no one."""
    monkeypatch.setattr(sys, "argv", ["/usr/bin/celery", "worker"])
    app = flask.Flask("script")
    app.secret_key = "a secret of the tests"
    realtime = Realtime(app)

    for push in (realtime.push, lambda *args: realtime.push_to("d" * 64, *args)):
        with pytest.raises(NobodyListens, match="REALTIME_REDIS"):
            push("hi", "room")
    app.config["TESTING"] = True
    realtime.push("hi", "room")


def test_push_to_reaches_one_client_without_a_request():
    """A thread or a command sends to the page that a view has noted the digest of."""
    realtime = Realtime()
    app = make_app(realtime)
    digest = "d" * 64
    app.extensions["realtime"].node().registry.subscribe(digest, ["room"])

    realtime.push_to(digest, "psst", "room")

    page = read_log(app)
    assert [(one.payload, one.route) for one in page] == [('"psst"', Route(to=digest))]


def test_push_to_a_client_that_has_left_is_no_error():
    """Neither one that has left the channel, nor one whose page is gone."""
    realtime = Realtime()
    app = make_app(realtime)
    registry = app.extensions["realtime"].node().registry
    left, gone = "1" * 64, "2" * 64
    registry.subscribe(left, ["room"])
    registry.unsubscribe(left, ["room"])

    realtime.push_to(left, "psst", "room")
    realtime.push_to(gone, "psst", "room")

    assert read_log(app) == ()


def test_push_to_a_client_that_never_could_hear_it_is_an_error():
    """The wrong channel, a digest that is none, and what is no channel's name."""
    realtime = Realtime()
    app = make_app(realtime)
    digest = "d" * 64
    app.extensions["realtime"].node().registry.subscribe(digest, ["other"])

    for receiver in (digest, "no digest", "", None):
        with pytest.raises(NotSubscribed, match="'room'"):
            realtime.push_to(receiver, "psst", "room")
    with pytest.raises(InvalidChannel):
        realtime.push_to(digest, "psst", "room:*")


def test_push_with_message_and_channel_swapped_gives_a_hint_in_debug(caplog):
    """Where pages listen to what was meant as the message, and nobody to the channel: once."""
    realtime = Realtime()
    app = make_app(realtime)

    with open_page(app, "room:1"):
        realtime.push("room:1", "hello")
        app.debug = True
        realtime.push("hello", "room:1")
        realtime.push("hello", "nobody hears this")
        realtime.push(["room:1"], "hello")
        before = list(caplog.records)
        realtime.push("room:1", "hello")
        realtime.push("room:1", "hello")

    assert before == []
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "push('room:1', 'hello')" in caplog.text


def test_init_app_twice_is_an_error():
    """Two sockets' routes on one path would leave one of them deaf."""
    app = make_app()
    Realtime(app)

    with pytest.raises(AlreadyRegistered, match="once an app"):
        Realtime(app)


@pytest.mark.parametrize("view", ["socket", "message", "session", "static"])
def test_endpoint_that_is_taken_is_an_error(view):
    """A view of the app's that would be replaced, or replace one of ours, is named at the start."""
    app = flask.Flask(__name__)
    ours = flask.Blueprint("realtime", __name__, url_prefix="/ours")
    ours.add_url_rule("/view", view, lambda: "a view")
    app.register_blueprint(ours)

    with pytest.raises(InvalidSetting, match=rf"'realtime\.{view}'"):
        Realtime(app)


def test_blueprint_may_be_called_realtime():
    """As long as none of its views is called like one of ours."""
    app = flask.Flask(__name__)
    app.secret_key = "tests"
    ours = flask.Blueprint("realtime", __name__, url_prefix="/ours")
    ours.add_url_rule("/view", "index", lambda: "a view")

    Realtime(app)
    app.register_blueprint(ours)

    assert app.test_client().get("/ours/view").text == "a view"


def set_late(config):
    config["REALTIME_PATH"] = "/socket"


def append_late(config):
    config["REALTIME_ALLOWED_ORIGINS"].append("https://other.example")


def drop_late(config):
    del config["REALTIME_HISTORY_SIZE"]


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (set_late, "REALTIME_PATH"),
        (append_late, "REALTIME_ALLOWED_ORIGINS"),
        (drop_late, "REALTIME_HISTORY_SIZE"),
    ],
)
def test_settings_that_are_changed_late_are_an_error(change, name):
    """A change that nobody would read is no silent mistake."""
    app = make_app()
    app.config.update(REALTIME_ALLOWED_ORIGINS=["https://example.com"], REALTIME_HISTORY_SIZE=9)
    Realtime(app)
    change(app.config)

    with pytest.raises(InvalidSetting, match=f"{name} was changed after init_app"):
        app.test_client().get("/").get_data()


def test_settings_may_be_set_again_to_what_they_are(monkeypatch):
    """An app may read its environment twice: the same values are no change."""
    monkeypatch.setenv("FLASK_REALTIME_HISTORY_SIZE", "100000")
    monkeypatch.setenv("FLASK_REALTIME_REDIS", '{"url": "redis://127.0.0.1:1/0"}')
    monkeypatch.setenv("FLASK_REALTIME_ALLOWED_ORIGINS", '["https://example.com/"]')
    app = make_app()
    app.config.from_prefixed_env()
    Realtime(app)

    app.config.from_prefixed_env()
    app.config["REALTIME_ALLOWED_ORIGINS"] = ("https://example.com",)
    app.config["REALTIME_PING_INTERVAL_SECONDS"] = 25.0

    assert app.test_client().get("/").status_code == 200


def test_handler_without_parentheses_is_an_error_that_says_what_to_write():
    """The function would never be called, and its name would be something else than a function."""
    realtime = Realtime()

    with pytest.raises(TypeError, match=r'@realtime\.handler\("shout"\)'):

        @realtime.handler
        def shout(data):
            """Never called."""


def test_decorators_work_before_init_app_and_not_after_the_first_request():
    """As Flask's own do."""
    realtime = Realtime()
    realtime.on_join(lambda: None)
    realtime.handler("early")(lambda message: "")
    app = make_app(realtime)
    realtime.on_leave(lambda: None)
    app.test_client().get("/")

    for decorate in (realtime.handler, realtime.on_join, realtime.on_leave):
        with pytest.raises(SetupFinished, match="first request"):
            decorate("late")


def test_disabled_extension_leaves_pages_and_calls_working():
    """With ENABLED False nothing is stamped, opened or pushed, and bad arguments still fail."""
    realtime = Realtime()
    app = make_app(realtime, REALTIME_ENABLED=False, REALTIME_REDIS="redis://127.0.0.1:1/0")
    app.secret_key = None

    @app.get("/page")
    def page():
        realtime.socket.subscribe("room")
        realtime.socket.push("hi", "room")
        realtime.push_many([("hi", "room")])
        script = "{{ realtime_script() }}{{ realtime_connection_id() }}"
        return flask.render_template_string(f"<body>{script}</body>")

    assert app.test_client().get("/page").text == "<body></body>"
    with app.app_context(), pytest.raises(InvalidChannel):
        realtime.push("hi")


def test_disabled_extension_is_well_and_has_nothing_to_drain():
    """A load balancer's question and a stop's hook work too, and ask no Redis."""
    realtime = Realtime()
    app = make_app(realtime, REALTIME_ENABLED=False, REALTIME_REGISTRY="redis")

    realtime.drain()
    health = realtime.health(app)

    assert health["reachable"] is True
    assert health["registry"] is None
    enabled = make_app()
    assert health.keys() == Realtime(enabled).health().keys()


def test_health_of_an_app_that_is_not_registered_says_what_to_call():
    """Like every other use of the extension in such an app."""
    with pytest.raises(NoContext, match=r"'stranger' is not registered: call realtime\.init_app"):
        Realtime().health(flask.Flask("stranger"))


def test_health_of_memory():
    """A process that has opened no socket is well, and hears nothing yet."""
    app = make_app()
    health = Realtime(app).health(app)

    assert health["registry"] == "memory"
    assert health["reachable"] is True
    assert health["connections"] == health["channels"] == 0
    assert health["draining"] is False


class SlowToStart(MemoryRegistry):
    """A registry that takes a while to start, as one does that loads redis-py first."""

    is_starting, may_go_on = threading.Event(), threading.Event()
    has_started = False

    def start(self, receiver, owners=()):
        self.is_starting.set()
        assert self.may_go_on.wait(DEADLINE)
        super().start(receiver, owners)
        self.has_started = True


def test_registry_is_started_before_anyone_uses_it():
    """Of many that come first at once, as after a restart, none meets a registry that is deaf."""
    app = make_app(Realtime(), REALTIME_REGISTRY=SlowToStart)
    state = app.extensions["realtime"]
    found = []
    first = threading.Thread(target=state.node)
    first.start()
    assert SlowToStart.is_starting.wait(DEADLINE)

    second = threading.Thread(target=lambda: found.append(state.node().registry.has_started))
    second.start()
    second.join(0.05)
    SlowToStart.may_go_on.set()
    first.join(DEADLINE)
    second.join(DEADLINE)

    assert found == [True]


def test_import_loads_nothing_that_gevent_must_patch_first():
    """An app may import us before its server patches: no ssl, no gevent, no redis comes along."""
    code = """
import sys, flask, flask_sock, json
before = set(sys.modules)
import flask_realtime
print(json.dumps(sorted(set(sys.modules) - before)))
"""
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert not {"gevent", "redis", "asyncio"} & set(flask.json.loads(loaded.stdout))


def test_version_is_that_of_the_package():
    """What pip shows is what the module says."""
    from importlib.metadata import version

    assert flask_realtime.__version__ == version("flask-realtime")


@pytest.mark.parametrize("is_subscribed", [True, False])
def test_script_tag_tells_whether_the_page_was_subscribed(is_subscribed):
    """A page of which the server knows nothing is lost if it was subscribed, and else is not."""
    realtime = Realtime()
    app = make_app(realtime)

    @app.get("/page")
    def page():
        if is_subscribed:
            realtime.socket.subscribe("room")
        return flask.render_template_string("<body>{{ realtime_script() }}")

    tag = app.test_client().get("/page").text

    assert (' data-subscribed="true"' in tag) is is_subscribed
