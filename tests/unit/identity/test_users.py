"""Users, as texts that stand in digests, channels and keys."""

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
    """A number and its digits are the same user."""
    assert identity_of(value) == identity


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (None, "not NoneType"),
        ("", "empty"),
        (True, "not bool"),
        (1.5, "not float"),
        (b"42", "not bytes"),
        ("x" * 191, "191 characters"),
        ("é" * 40, "240 characters"),
        ("\ud800", "cannot be written in UTF-8"),
    ],
)
def test_identity_that_is_none_is_refused(value, sentence):
    """A clear error, and never a user that is everybody, or nobody."""
    with pytest.raises(InvalidIdentity, match=sentence):
        identity_of(value)


def test_user_is_percent_encoded():
    """What separates the parts of a key or an announcement is no part of a user."""
    assert user_of("a:b{c}%/é") == "a%3Ab%7Bc%7D%25%2F%C3%A9"
    assert user_of(None) is None


def test_channel_of_the_longest_user_has_a_name_that_is_valid():
    """What is taken for an identity can be pushed to."""
    assert channel_of("a:b") == "@user:a%3Ab"
    assert len(channel_of(identity_of("x" * 190))) <= LONGEST_NAME
