"""realtime.user(): one user on all of the user's pages."""

import pytest

from flask_realtime.errors import InvalidChannel, InvalidIdentity, RegistryUnavailable
from flask_realtime.identity.keys import digest
from flask_realtime.registries.records import Disconnect
from flask_realtime.session import endings
from flask_realtime.users import User
from tests.eventually import eventually

from .processes import Process

PAGE = digest("secret", "a key", "an-id-of-a-page", "a:b")


@pytest.fixture
def process(monkeypatch):
    monkeypatch.setattr(endings, "RETRY_SECONDS", 0.01)
    process = Process()
    yield process
    process.close()


def test_user_is_disconnected_wherever_the_pages_are(process):
    """A user is disconnected. Open pages close in all processes, and pages that are away cannot
    reconnect."""
    process.registry.subscribe(PAGE, ["a"])

    User(lambda: process, "a:b").disconnect()

    assert process.disconnected == [Disconnect(user="a%3Ab")]
    assert process.registry.connect(PAGE, "1", "a%3Ab").has_ended


def test_user_is_put_out_of_channels(process):
    """A user is unsubscribed from channels, and stays on all others."""
    process.registry.subscribe(PAGE, ["a", "b", "c"])

    User(lambda: process, "a:b").unsubscribe("a", ["b"])

    assert process.unsubscribed == [("a%3Ab", "a"), ("a%3Ab", "b")]
    assert set(process.registry.connect(PAGE, "1", "a%3Ab").subscriptions) == {"c"}


def test_ban_does_not_fail_without_a_registry(process):
    """The registry is unavailable. The call succeeds, and the registry is told later."""
    end_user, tries = process.registry.end_user, []

    def be_away_at_first(*args):
        tries.append(args)
        if len(tries) == 1:
            raise RegistryUnavailable("away")
        end_user(*args)

    process.registry.end_user = be_away_at_first

    User(lambda: process, 42).disconnect()

    eventually(lambda: [order.user for order in process.disconnected] == ["42"])


@pytest.mark.parametrize("user_id", [None, "", 1.5])
def test_nobody_is_no_user(user_id):
    """None or an empty id is an error, so that a mistake bans nobody and spares nobody."""
    with pytest.raises(InvalidIdentity):
        User(lambda: None, user_id)


@pytest.mark.parametrize("channels", [(), ("",), ("room:*",), ("@user:42",)])
def test_user_is_put_out_of_names_alone(channels):
    """unsubscribe() takes names and no patterns, also with REALTIME_ENABLED False."""
    with pytest.raises(InvalidChannel):
        User(lambda: None, 42).unsubscribe(*channels)


def test_user_of_an_app_that_is_off_is_left_alone():
    """With REALTIME_ENABLED False the registry is not asked."""
    user = User(lambda: None, 42)

    user.disconnect()
    user.unsubscribe("a")
