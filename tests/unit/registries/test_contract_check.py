"""A registry of the app's own that was written for another version."""

import functools
import re
from unittest import mock

import flask
import pytest

from flask_realtime import Realtime
from flask_realtime.errors import InvalidSetting
from flask_realtime.registries.base import Registry
from flask_realtime.registries.memory.registry import MemoryRegistry


def refusal(registry):
    """Return what an app is told, where it is set up, of its registry."""
    app = flask.Flask(__name__)
    app.config.update(SECRET_KEY="a secret of the tests", REALTIME_REGISTRY=registry)
    with pytest.raises(InvalidSetting) as told:
        Realtime(app)
    return str(told.value)


class WithAge(MemoryRegistry):
    def unsubscribe(self, digest, channels, age=0):
        """Take for the age of all channels what is said of each by now."""


class WithoutGrant(MemoryRegistry):
    def subscribe(self, digest, channels):
        """Take no grant."""


class WithMore(MemoryRegistry):
    def has_ended(self, sessions, heir, what):
        """Ask for more than is given."""


class WithoutAny(MemoryRegistry):
    def announce(self):
        """Take nothing."""

    def read(self, cursors, max_bytes, renew=True):
        """Take all that is given."""


class Unfinished(Registry):
    def publish(self, pushes):
        """Publish nothing."""


@pytest.mark.parametrize("is_class", [True, False])
@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (WithAge, "unsubscribe gets no 'age' any more: write unsubscribe(self, digest, channels)."),
        (WithoutGrant, "write subscribe(self, digest, channels, grant=None)."),
        (WithMore, "sessions, heir, what): write has_ended(self, sessions, heir='')."),
        (WithoutAny, "write announce(self, pushes)."),
    ],
)
def test_registry_of_another_version_is_refused_where_the_app_is_set_up(kind, told, is_class):
    """The error names each method that would fail, or do something else, and what to write."""
    message = refusal(kind if is_class else kind(None))

    assert f"REALTIME_REGISTRY names {kind.__name__}, " in message
    assert told in message
    assert "help(flask_realtime.Registry)" in message
    assert " of read " not in message


def test_registry_that_lacks_methods_is_refused_where_the_app_is_set_up():
    """A class without some of the methods would fail at the first request."""
    message = refusal(Unfinished)

    assert "It has no method rewind(self, digest, channels, last): write one." in message
    assert "replay_disconnects" not in message
    assert "publish" not in message


class Wide(MemoryRegistry):
    def subscribe(self, *arguments, **keywords):
        """Take whatever comes."""

    def unsubscribe(self, who, names, *, is_quiet=False):
        """Call the arguments by other names, and have one more."""

    @staticmethod
    def has_ended(sessions, heir=""):
        """Take no self."""
        return False

    def connect(self, digest, name, user=None, sessions=(), asked_at=None):
        """Return nothing."""

    def collect(self, digest, taker):
        """Return what is no list."""
        return iter(())


class MadeLater(MemoryRegistry):
    """Tell no sooner than an instance what the methods are."""

    refresh = functools.partialmethod(MemoryRegistry.refresh)

    @property
    def health(self):
        """Return a method that is looked up elsewhere."""
        return super().health


AUTOMATIC = mock.create_autospec(MemoryRegistry, instance=True)


@pytest.mark.parametrize("registry", [Wide, Wide(None), MemoryRegistry])
def test_registry_whose_methods_can_be_called_is_taken(registry):
    """Names of arguments do not count, and there may be more of them that need not be given."""
    app = flask.Flask(__name__)
    app.config.update(SECRET_KEY="a secret of the tests", REALTIME_REGISTRY=registry)
    Realtime(app)


@pytest.mark.parametrize("registry", [MadeLater, AUTOMATIC])
def test_registry_whose_methods_no_class_has_is_taken(registry):
    """Only an instance tells what a property returns, and a method that a test has made may have no
    name."""
    app = flask.Flask(__name__)
    app.config.update(SECRET_KEY="a secret of the tests", REALTIME_REGISTRY=registry)
    Realtime(app)

    assert app.extensions["realtime"].node().registry.health()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("connect", "Wide.connect() has returned None, and is to return Arrival: see help("),
        ("collect", "Wide.collect() has returned <"),
    ],
)
def test_method_that_returns_something_else_is_named_at_its_first_call(name, told):
    """Without that the error would come from elsewhere, and tell of None alone."""
    app = flask.Flask(__name__)
    app.config.update(SECRET_KEY="a secret of the tests", REALTIME_REGISTRY=Wide)
    Realtime(app)
    registry = app.extensions["realtime"].node().registry

    with pytest.raises(TypeError, match=re.escape(told)):
        getattr(registry, name)("digest", "name")

    assert registry.has_ended(["session"]) is False
