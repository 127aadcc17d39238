"""The Realtime object, as an app uses it."""

import math
import subprocess
import sys
import threading

import flask
import pytest

from flask_realtime import (
    AlreadyRegistered,
    InvalidChannel,
    InvalidSetting,
    NoContext,
    Realtime,
    SetupFinished,
)
from flask_realtime.registries.memory.registry import MemoryRegistry
from tests.eventually import DEADLINE

from .apps import make_app


def test_init_app_twice_is_an_error():
    """A second init_app would register a second route for the socket, which would never be used."""
    app = make_app()
    Realtime(app)

    with pytest.raises(AlreadyRegistered, match="once for each app"):
        Realtime(app)


@pytest.mark.parametrize("view", ["socket", "message", "session", "static"])
def test_endpoint_that_is_taken_is_an_error(view):
    """The app has a view with the endpoint of one of the extension's. init_app raises an error that
    names it."""
    app = flask.Flask(__name__)
    ours = flask.Blueprint("realtime", __name__, url_prefix="/ours")
    ours.add_url_rule("/view", view, lambda: "a view")
    app.register_blueprint(ours)

    with pytest.raises(InvalidSetting, match=rf"'realtime\.{view}'"):
        Realtime(app)


def test_blueprint_may_be_called_realtime():
    """A blueprint named realtime is allowed if none of its views has the name of one of the
    extension's."""
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
    """A setting that is changed after init_app would have no effect, so it is an error."""
    app = make_app()
    app.config.update(REALTIME_ALLOWED_ORIGINS=["https://example.com"], REALTIME_HISTORY_SIZE=9)
    Realtime(app)
    change(app.config)

    with pytest.raises(InvalidSetting, match=f"{name} was changed after init_app"):
        app.test_client().get("/").get_data()


def test_settings_may_be_set_again_to_what_they_are(monkeypatch):
    """An app sets a setting to the same value after init_app, which is no error."""
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
    """@realtime.handler without parentheses would make the decorated name something other than a
    function."""
    realtime = Realtime()

    with pytest.raises(TypeError, match=r'@realtime\.handler\("shout"\)'):

        @realtime.handler
        def shout(data):
            """A handler that is never called."""


def test_decorators_work_before_init_app_and_not_after_the_first_request():
    """The decorators follow the same rule as Flask's own."""
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
    """With REALTIME_ENABLED False no page is stamped, no socket opened and nothing pushed, and bad
    arguments are still errors."""
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
    """With REALTIME_ENABLED False health() and drain() work, and ask no Redis."""
    realtime = Realtime()
    app = make_app(realtime, REALTIME_ENABLED=False, REALTIME_REGISTRY="redis")

    realtime.drain()
    health = realtime.health(app)

    assert health["reachable"] is True
    assert health["registry"] is None
    enabled = make_app()
    assert health.keys() == Realtime(enabled).health().keys()


def test_health_of_an_app_that_is_not_registered_says_what_to_call():
    """health() in an app without init_app is an error that says what to call."""
    with pytest.raises(NoContext, match=r"'stranger' is not registered: call realtime\.init_app"):
        Realtime().health(flask.Flask("stranger"))


def test_health_of_memory():
    """health() of a process that has opened no socket is good, and says that nothing is received
    yet."""
    app = make_app()
    health = Realtime(app).health(app)

    assert health["registry"] == "memory"
    assert health["reachable"] is True
    assert health["connections"] == health["channels"] == 0
    assert health["draining"] is False


class SlowToStart(MemoryRegistry):
    """A registry that takes a while to start, as one that imports redis-py does."""

    is_starting, may_go_on = threading.Event(), threading.Event()
    has_started = False

    def start(self, receiver, owners=()):
        self.is_starting.set()
        assert self.may_go_on.wait(DEADLINE)
        super().start(receiver, owners)
        self.has_started = True


def test_registry_is_started_before_anyone_uses_it():
    """Many threads use the registry for the first time at once. All wait until it has started."""
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
    """Importing the package imports no ssl, gevent or redis, so an app may import it before gevent
    patches."""
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


@pytest.mark.parametrize("is_subscribed", [True, False])
def test_script_tag_tells_whether_the_page_was_subscribed(is_subscribed):
    """The tag says whether the page was subscribed: only then an unknown page has lost something
    and reloads."""
    realtime = Realtime()
    app = make_app(realtime)

    @app.get("/page")
    def page():
        if is_subscribed:
            realtime.socket.subscribe("room")
        return flask.render_template_string("<body>{{ realtime_script() }}")

    tag = app.test_client().get("/page").text

    assert (' data-subscribed="true"' in tag) is is_subscribed


@pytest.mark.parametrize("one", ["app", flask.Blueprint("shop", "shop"), {"SECRET_KEY": "x"}])
def test_what_is_no_app_is_an_error_that_says_so(one):
    """A name, a blueprint or a config in place of the app is an error that shows it."""
    with pytest.raises(TypeError, match="take a Flask app, and not "):
        Realtime().init_app(one)


@pytest.mark.parametrize("seconds", ["3", -1, True, math.nan, 10**9])
def test_drain_takes_a_length_of_time(seconds):
    """Anything else is an error before a socket is closed."""
    with pytest.raises(ValueError, match=r"realtime\.drain takes a number of seconds"):
        Realtime(make_app()).drain(seconds)


def test_action_of_calls_has_no_other_handler():
    """call-route is the library's, and the error says so."""
    with pytest.raises(AlreadyRegistered, match="answered by flask_realtime itself"):
        Realtime().handler("call-route")(lambda data: "")
