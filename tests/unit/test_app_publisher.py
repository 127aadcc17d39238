"""What an app pushes: encoded, addressed, and handed to the registry."""

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
    """A registry that may be away."""

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
    """The view knows that nobody was told."""
    registry.is_away = True

    with pytest.raises(RegistryUnavailable):
        publisher.push("hi", ["room"])


def test_refresh_behind_a_commit_raises_nothing_and_is_tried_again(publisher, registry):
    """The database has committed, whatever becomes of the registry."""
    registry.is_away = True
    publisher.deliver_behind(Addressing(("room",), TO_ALL), waits=True)

    registry.is_away = False

    eventually(lambda: seq(registry, "room") == 1)


def test_disabled_extension_checks_and_sends_nothing(registry):
    """A message that cannot be encoded is an error all the same."""
    publisher = AppPublisher(Flask(__name__), lambda: registry, False, lambda channel: False)

    publisher.push("hi", ["room"])
    with pytest.raises(TypeError):
        publisher.push(object(), ["room"])

    assert seq(registry, "room") == 0


@pytest.mark.parametrize("push_id", ["", 5, "x" * 201])
def test_push_id_that_is_none_is_refused(publisher, push_id):
    """Whatever the way of the push."""
    with pytest.raises(ValueError, match="push_id"):
        publisher.deliver('"hi"', Addressing(("room",), TO_ALL, push_id))


class Settings(DefaultJSONProvider):
    """A provider of the app's own, which reads the app's settings."""

    def dumps(self, value, **options):
        return super().dumps({current_app.config["NAME"]: value}, **options)


def test_json_provider_of_the_app_may_ask_for_the_app_in_any_thread(registry):
    """A thread that reads a sensor has no context, and its messages are made as those of views."""
    app = Flask(__name__)
    app.config["NAME"] = "sensor"
    app.json = Settings(app)
    publisher = AppPublisher(app, lambda: registry, True, lambda channel: False)

    assert publisher.encode(1) == '{"sensor": 1}'


def test_default_of_the_json_provider_may_ask_for_the_app_in_any_thread(registry):
    """Likewise where the app has replaced a part of Flask's own provider."""
    app = Flask("sensor")
    app.json.default = lambda value: current_app.name
    publisher = AppPublisher(app, lambda: registry, True, lambda channel: False)

    assert publisher.encode(object()) == '"sensor"'


def test_pair_whose_message_and_channel_changed_places_is_told_in_debug_mode(registry, caplog):
    """Of several pushed at once as of one; and once."""
    app = Flask(__name__)
    app.debug = True
    publisher = AppPublisher(app, lambda: registry, True, lambda channel: channel == "room:1")

    publisher.push_many([("hi", "room:1"), ("room:1", "hi"), ("room:1", "ho")])

    (hint,) = caplog.messages
    assert "are the two swapped?" in hint
    assert "'hi'" in hint
