"""The settings that choose a registry, and say how Redis is reached."""

from __future__ import annotations

import flask
import pytest

from flask_realtime.config.settings import Config
from flask_realtime.errors import InvalidSetting


def refusal(**mapping):
    with pytest.raises(InvalidSetting) as caught:
        Config.from_mapping(mapping)
    # Errors below may be about a password, so no traceback may show one.
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return str(caught.value)


def test_config_takes_every_way_to_name_redis():
    """A URL, a URL with options, a function that returns a client, or nothing."""
    options = {"url": "redis://localhost", "password": "x"}
    values = [
        None,
        "redis://localhost",
        "rediss://u:p@h:6380/1",
        "unix:///run/redis.sock?db=1",
        options,
        dict,
    ]

    kept = [Config.from_mapping({"REALTIME_REDIS": value}).redis for value in values]

    assert kept == values
    assert kept[4] is not options


@pytest.mark.parametrize(
    "value",
    [
        "redis://:s3cret@host:port/0",
        "redis://:s3/cr@et@host:port/0",
        "redis://host:s3cret",
        "http://user:s3cret@host",
        "user:s3cret@host",
        "redis://host:x/0?password=s3cret",
        {"url": "http://:s3cret@host"},
        {"password": "s3cret"},
    ],
)
def test_config_never_shows_a_redis_password_in_an_error(value):
    """Errors are logged, so none shows a password."""
    message = refusal(REALTIME_REDIS=value)

    assert "REALTIME_REDIS is " in message
    assert "s3" not in message


@pytest.mark.parametrize("value", ["localhost:6379", 6379, {"url": None}, b"redis://h", "unix://"])
def test_config_refuses_what_redis_cannot_be_reached_by(value):
    """A value that is not a URL, dict or function is refused with examples."""
    assert "'redis://localhost:6379/0'" in refusal(REALTIME_REDIS=value)


def test_config_shows_no_password_in_its_repr():
    """The repr of a config, which may be logged, shows no password."""
    url = Config.from_mapping({"REALTIME_REDIS": "redis://me:s3cret@host/0"})
    options = Config.from_mapping({"REALTIME_REDIS": {"url": "redis://:s3@h", "password": "s3"}})

    assert "redis='redis://***@host/0'" in repr(url)
    assert "s3" not in repr(options)


class Chosen:
    """An object with the method by which registries are recognised."""

    def publish(self):
        """Do nothing."""


@pytest.mark.parametrize("value", [None, "memory", "redis", Chosen, Chosen()])
def test_config_takes_every_way_to_name_a_registry(value):
    """A registry is given by name, as a class or as an instance."""
    assert Config.from_mapping({"REALTIME_REGISTRY": value}).registry is value


@pytest.mark.parametrize("value", ["Redis", 1, dict, "redis://:s3cret@host"])
def test_config_refuses_what_is_no_registry(value):
    """Any other value is refused with the valid ones; a URL is referred to REALTIME_REDIS."""
    message = refusal(REALTIME_REGISTRY=value)

    assert "'memory', 'redis'" in message
    assert "s3cret" not in message


@pytest.mark.parametrize("value", ["", "a b", "{a}", "ä", 1, "x" * 101])
def test_config_refuses_a_prefix_that_redis_cluster_could_not_hash(value):
    """Braces in the prefix would put all keys into one slot, so they are refused."""
    assert "REALTIME_REDIS_PREFIX" in refusal(REALTIME_REDIS_PREFIX=value)


@pytest.mark.parametrize("function", [lambda name: name, flask.Flask("shop")])
def test_config_refuses_a_function_for_redis_that_needs_arguments(function):
    """Something else that can be called, such as an app, is refused at once in place of a URL."""
    message = refusal(REALTIME_REDIS=function)

    assert "calls its function with no arguments" in message
