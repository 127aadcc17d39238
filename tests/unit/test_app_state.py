"""The state that the extension keeps for one app."""

import logging

import flask
import pytest
import redis

from flask_realtime import Realtime
from flask_realtime.registries.memory.registry import MemoryRegistry
from tests.leftovers import threads_of_ours

from .handshakes import Page
from .node.nodes import node_of


@pytest.mark.usefixtures("short_goodbyes")
def test_closed_app_begins_anew_at_its_next_use():
    """A test or script closes what its process holds of an app. The app works again at its next
    use."""
    before = threads_of_ours()
    node = node_of()
    state = node.app.extensions["realtime"]
    with Page(node):
        state.close()
    left = threads_of_ours() - before
    state.close()

    with Page(state.node()) as page:
        page.say("ping")
        assert page.receive()["body"] == "pong"
    assert left == set()
    assert state.node() is not node


def test_app_that_was_never_used_has_nothing_to_close():
    """Closing an app that was never used creates nothing."""
    app = flask.Flask(__name__)
    Realtime(app)

    app.extensions["realtime"].close()

    assert app.extensions["realtime"]._nodes.pop() is None


@pytest.mark.parametrize(("is_one_of_several", "warnings"), [(True, 1), (False, 0)])
def test_memory_that_other_processes_cannot_reach_is_told(caplog, is_one_of_several, warnings):
    """Where REALTIME_REGISTRY asks for memory, and several processes serve the app, the log warns
    once that each process reaches its own sockets alone."""
    app = flask.Flask(__name__)
    app.config["REALTIME_REGISTRY"] = "memory"
    realtime = Realtime(app)

    with app.test_request_context(multiprocess=is_one_of_several):
        realtime.push("hi", "room")
        realtime.push("hi", "room")

    told = [one.message for one in caplog.records if "Several processes" in one.message]
    assert len(told) == warnings
    assert all("this process's memory. Set REALTIME_REDIS" in one for one in told)


def test_request_that_renews_a_session_begins_nothing():
    """A process that only renews a session, which another process began, makes no node."""
    app = flask.Flask(__name__)
    app.secret_key = "secret"
    Realtime(app)
    app.add_url_rule("/", "view", lambda: {"some": "json"})
    client = app.test_client()
    with client.session_transaction() as session:
        session.permanent = True
        session["socket_key"] = "a key"

    response = client.get("/")

    assert "Set-Cookie" in response.headers
    assert not app.extensions["realtime"].has_node


def test_process_says_once_which_registry_and_server_it_has(caplog):
    """One log line names the registry and the server, for those who run an app on several
    machines."""
    caplog.set_level(logging.INFO, "flask_realtime.app_state")
    app = flask.Flask(__name__)
    app.config.update(SECRET_KEY="a secret", REALTIME_REGISTRY="memory")
    realtime = Realtime(app)

    with app.test_request_context(environ_base={"SERVER_SOFTWARE": "gunicorn/23.0"}):
        for _ in range(2):
            realtime.push("hi", "a")

    told = [record.getMessage() for record in caplog.records]
    assert told == ["Registry: this process's memory. Server: gunicorn/23.0."]


class Owned(MemoryRegistry):
    """A registry that records the name of its app."""

    def start(self, events, owners=()):
        Owned.owners = list(owners)
        super().start(events, owners)


def owners_of(secret, *former):
    app = flask.Flask(__name__)
    app.config.update(SECRET_KEY=secret, SECRET_KEY_FALLBACKS=list(former), REALTIME_REGISTRY=Owned)
    realtime = Realtime(app)
    with app.app_context():
        realtime.push("hi", "a")
    return Owned.owners


def test_registry_can_tell_an_app_by_its_secret_keys():
    """A registry gets names that are made from the app's secret keys, former keys included; no name
    reveals a key."""
    assert owners_of("old") == owners_of("new", "old")[1:]
    assert owners_of("old") != owners_of("new")
    assert owners_of(None) == []
    assert "secret" not in owners_of("secret")[0]


def test_function_that_makes_the_client_of_redis_may_read_the_apps_settings(redis_url):
    """The function in REALTIME_REDIS uses current_app, also if a thread without a context pushes
    first."""
    app = flask.Flask(__name__)
    app.config.update(
        SECRET_KEY="a secret",
        ADDRESS=redis_url,
        REALTIME_REDIS=lambda: redis.Redis.from_url(flask.current_app.config["ADDRESS"]),
        REALTIME_REDIS_PREFIX="made-by-a-function",
    )
    realtime = Realtime(app)

    realtime.push("hi", "a")

    assert realtime.health(app)["reachable"]
