"""What an app pushes: encoded, addressed, and handed to the registry."""

import pytest
from flask import Flask

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
