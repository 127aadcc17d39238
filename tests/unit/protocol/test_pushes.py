"""Pushes are made of an app's messages."""

import gc
import json
import math
from functools import partial

import pytest

from flask_realtime.errors import RegistryUnavailable
from flask_realtime.protocol.pushes import (
    LONGEST_PUSH_ID,
    NAMES_AT_ONCE,
    Push,
    check_push_id,
    make_many,
    make_pushes,
    new_push_id,
    to_json,
)
from flask_realtime.protocol.routes import TO_ALL

DEFAULT = json.dumps


def matching(pattern):
    """Return the channels that fit a pattern, of those that a registry knows."""
    return ["room:1", "room:2"] if pattern == "room:*" else []


def test_pushes_are_one_for_each_channel():
    """Names and patterns together reach each channel once, in their order."""
    pushes = make_pushes("1", ["news", "room:2", "room:*"], matching, "an id")

    assert pushes == [
        Push("news", "1", "an id", TO_ALL),
        Push("room:2", "1", "an id", TO_ALL),
        Push("room:1", "1", "an id", TO_ALL, by_pattern=True),
    ]


def test_pushes_to_many_channels_do_not_live_at_the_same_time():
    """A pattern fits thousands of channels. Their pushes are made one by one, so that Python's
    garbage collector is not made to look at all that the process holds."""
    names = [f"room:{number}" for number in range(NAMES_AT_ONCE + 1)]

    pushes = make_pushes("1", ["room:0", "room:*"], lambda pattern: names, "an id")

    assert [push.channel for push in pushes] == names
    assert [push.by_pattern for push in pushes[:2]] == [False, True]
    assert pushes[-1] == Push(names[-1], "1", "an id", TO_ALL, by_pattern=True)
    assert len(pushes) == len(names)
    assert sum(type(one) is Push for one in gc.get_objects()) < len(names)


def test_pushes_to_a_pattern_that_nothing_fits_are_none():
    """A pattern reaches only channels that exist."""
    assert make_pushes("1", ["garden:*"], matching) == []


def test_push_whose_channels_cannot_be_listed_keeps_its_id():
    """A push to a pattern has reached some channels, and is tried again. Redis is away before it
    has listed the channels. The error has the push's id, by which a third attempt reaches no
    channel twice."""

    def away(pattern):
        raise RegistryUnavailable("away")

    with pytest.raises(RegistryUnavailable) as caught:
        make_pushes("1", ["room:*"], away, "an id")

    assert caught.value.push_id == "an id"


@pytest.mark.parametrize("push_id", ["x", "ä" * LONGEST_PUSH_ID])
def test_push_id_is_a_text_of_some_length(push_id):
    """Any text up to a length can be a push id."""
    assert check_push_id(push_id) == push_id


@pytest.mark.parametrize("push_id", ["", "x" * (LONGEST_PUSH_ID + 1), 5, b"x", None, "\ud800"])
def test_push_id_of_another_kind_is_refused(push_id):
    """An invalid push id is an error that says what is expected."""
    with pytest.raises(ValueError, match="a text of 1 to 200 characters is expected"):
        check_push_id(push_id)


def test_new_push_ids_differ():
    """Two pushes without a push id are two messages."""
    ids = {check_push_id(new_push_id()) for _ in range(100)}

    assert len(ids) == 100


@pytest.mark.parametrize("message", ["NaN", "an Infinity of stars", {"NaN": 1}, None, [1.5], "ä😀"])
def test_message_is_encoded_by_the_apps_provider(message):
    """The app's JSON provider encodes the message; a text that contains NaN is allowed."""
    assert to_json(message, DEFAULT) == DEFAULT(message)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_message_with_a_number_that_json_lacks_is_refused(number):
    """NaN and Infinity are errors, because browsers would refuse the message."""
    with pytest.raises(ValueError, match="JSON has no such number"):
        to_json({"values": [1, number]}, DEFAULT)


def test_message_with_half_of_a_surrogate_pair_is_refused():
    """A text that is not valid Unicode is an error."""
    with pytest.raises(ValueError, match="surrogates"):
        to_json("\ud800", lambda message: f'"{message}"')


@pytest.mark.parametrize(
    ("message", "part"),
    [
        ({1, 2}, "message "),
        ({"by": {"name": "Ada", "roles": [1, {2}]}}, "message['by']['roles'][1] "),
        ([1, {("a", "b"): 2}], "message[1] "),
        (({"at": b"x"}, 1), "message[0]['at'] "),
    ],
)
def test_message_that_is_no_json_is_refused_with_its_faulty_part(message, part):
    """The error names the part of the message that cannot be encoded, and says what can."""
    with pytest.raises(TypeError) as caught:
        to_json(message, DEFAULT)

    assert str(caught.value).startswith(f"The {part}can't be pushed as JSON: ")
    assert "Push texts, numbers" in str(caught.value)


def test_message_that_holds_itself_and_is_no_json_is_refused():
    """A row's dict leads to its parent, which leads back to it; the provider sorts the keys, and
    meets what is no JSON first."""
    parent = {}
    row = {"parent": parent, "author": object()}
    parent["rows"] = [row]

    with pytest.raises(TypeError, match="can't be pushed as JSON"):
        to_json(row, partial(json.dumps, sort_keys=True))


def test_pushes_of_several_messages_look_once_for_the_channels_of_a_pattern():
    """It takes seconds where there are many channels, and a thousand messages may go to them."""
    asked = []

    def matching(pattern):
        asked.append(pattern)
        return ["room:1", "room:2"]

    pushes = make_many([("1", ["room:*"]), ("2", ["room:*"])], matching, lambda: "an id")

    assert [(push.payload, push.channel) for push in pushes] == [
        ("1", "room:1"), ("1", "room:2"), ("2", "room:1"), ("2", "room:2"),
    ]  # fmt: skip
    assert asked == ["room:*"]
