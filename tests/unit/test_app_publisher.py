"""Pushes of an app are encoded, addressed, and passed to the registry."""

import pytest
from flask import Flask, current_app
from flask.json.provider import DefaultJSONProvider

from flask_realtime.app_publisher import AppPublisher
from flask_realtime.audiences import Addressing
from flask_realtime.config.settings import Config
from flask_realtime.errors import RegistryUnavailable
from flask_realtime.protocol.routes import TO_ALL
from flask_realtime.registries.memory.registry import MemoryRegistry

from ..eventually import eventually


class Fickle(MemoryRegistry):
    """A registry that is unavailable when the test says so."""

    is_away = False

    def publish(self, pushes):
        if self.is_away:
            raise RegistryUnavailable("away", pushes[0].push_id)
        return super().publish(pushes)


@pytest.fixture
def registry():
    registry = Fickle(Config())
    yield registry
    registry.close()


@pytest.fixture
def publisher(registry):
    publisher = AppPublisher(Flask(__name__), lambda: registry, True, lambda channel: False)
    yield publisher
    publisher.close()


def seq(registry, channel):
    return registry.read({channel: None}, 1)[channel].tail.seq


def test_push_that_the_registry_refuses_is_the_views_error(publisher, registry):
    """The registry is unavailable. The view gets the error, so it knows that nobody was told."""
    registry.is_away = True

    with pytest.raises(RegistryUnavailable):
        publisher.push("hi", ["room"])


def test_refresh_behind_a_commit_raises_nothing_and_is_tried_again(publisher, registry):
    """The registry is unavailable after a commit. No error is raised, since the database has
    committed; the refresh is tried again."""
    registry.is_away = True
    publisher.deliver_behind(Addressing(("room",), TO_ALL), waits=True)

    registry.is_away = False

    eventually(lambda: seq(registry, "room") == 1)


def test_disabled_extension_checks_and_sends_nothing(registry):
    """With REALTIME_ENABLED False a message that cannot be encoded is still an error, and nothing
    is sent."""
    publisher = AppPublisher(Flask(__name__), lambda: registry, False, lambda channel: False)

    publisher.push("hi", ["room"])
    with pytest.raises(TypeError):
        publisher.push(object(), ["room"])

    assert seq(registry, "room") == 0


@pytest.mark.parametrize("push_id", ["", 5, "x" * 201])
def test_push_id_that_is_none_is_refused(publisher, push_id):
    """An invalid push id is refused by each kind of push."""
    with pytest.raises(ValueError, match="push_id"):
        publisher.deliver('"hi"', Addressing(("room",), TO_ALL, push_id))


class Settings(DefaultJSONProvider):
    """A JSON provider of the app's own that reads the app's settings."""

    def dumps(self, value, **options):
        return super().dumps({current_app.config["NAME"]: value}, **options)


def test_json_provider_of_the_app_may_ask_for_the_app_in_any_thread(registry):
    """A thread without a context pushes. The app's JSON provider can use current_app."""
    app = Flask(__name__)
    app.config["NAME"] = "sensor"
    app.json = Settings(app)
    publisher = AppPublisher(app, lambda: registry, True, lambda channel: False)

    assert publisher.encode(1) == '{"sensor": 1}'


def test_default_of_the_json_provider_may_ask_for_the_app_in_any_thread(registry):
    """The app has replaced only the default function of Flask's JSON provider, which can use
    current_app too."""
    app = Flask("sensor")
    app.json.default = lambda value: current_app.name
    publisher = AppPublisher(app, lambda: registry, True, lambda channel: False)

    assert publisher.encode(object()) == '"sensor"'


def test_pair_with_message_and_channel_swapped_gives_a_hint_in_debug_mode(registry, caplog):
    """push_many() gets a pair whose message and channel are swapped. In debug mode the log says so,
    once."""
    app = Flask(__name__)
    app.debug = True
    publisher = AppPublisher(app, lambda: registry, True, lambda channel: channel == "room:1")

    publisher.push_many([("hi", "room:1"), ("room:1", "hi"), ("room:1", "ho")])

    (hint,) = caplog.messages
    assert "are the two swapped?" in hint
    assert "'hi'" in hint
