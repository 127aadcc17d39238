"""Users' ids as they stand in digests, channels and keys."""

import uuid

import pytest

from flask_realtime.errors import InvalidIdentity
from flask_realtime.identity.users import channel_of, identity_of, user_of
from flask_realtime.protocol.channels import LONGEST_NAME

ONE = uuid.UUID("12345678123456781234567812345678")


@pytest.mark.parametrize(
    ("value", "identity"),
    [(42, "42"), ("42", "42"), (0, "0"), ("a@b.c", "a@b.c"), (ONE, str(ONE)), ("é ☃", "é ☃")],
)
def test_identity_is_a_text(value, identity):
    """The number 42 and the text "42" are the same user."""
    assert identity_of(value) == identity


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (None, "not NoneType"),
        ("", "empty"),
        (True, "not bool"),
        (1.5, "not float"),
        (b"42", "not bytes"),
    ],
)
def test_identity_that_is_none_is_refused(value, sentence):
    """An invalid id is an error, and never stands for everybody or nobody."""
    with pytest.raises(InvalidIdentity, match=sentence):
        identity_of(value)


def test_user_is_percent_encoded():
    """Characters that separate the parts of a key or an announcement are encoded."""
    assert user_of("a:b{c}%/é") == "a%3Ab%7Bc%7D%25%2F%C3%A9"
    assert user_of(None) is None


@pytest.mark.parametrize(
    "name", ["x" * 190, "x" * 191, "测" * 22, "😀" * 16, "y" * 10_000, "\ud800"]
)
def test_user_of_any_name_can_be_pushed_to(name):
    """Any id works, so a user with a very long one can be banned too."""
    identity = identity_of(name)

    assert len(channel_of(identity)) <= LONGEST_NAME
    assert channel_of(identity) == f"@user:{user_of(identity)}"
    assert channel_of(identity).isascii()


def test_no_two_users_share_a_channel():
    """Two users never share a channel, even if one chooses the other's hash or a name with the same
    beginning."""
    long = "x" * 1000
    names = [long, long + "y", str(user_of(long)), "x" * 190, "\ud800", "\ud801", "%ED%A0%80"]

    assert len({channel_of(identity_of(name)) for name in names}) == len(names)


def test_channel_of_a_user_is_named_by_the_id():
    """The channel's name shows the user's id in a browser and a log."""
    assert channel_of("a:b") == "@user:a%3Ab"
