"""Valid names of channels, and the names that fit a pattern."""

import pytest

from flask_realtime.errors import InvalidChannel
from flask_realtime.protocol.channels import (
    check_format,
    check_name,
    check_pattern,
    flatten,
    is_pattern,
    matcher,
)


def test_flatten_takes_names_and_collections_of_names():
    """Names, lists, tuples and sets of names, and a pattern become one list."""
    assert flatten(["a", ["b", "c"], ("d",), {"e"}], "f:*") == ["a", "b", "c", "d", "e", "f:*"]


def test_flatten_takes_a_pattern_alone():
    """A push to a pattern needs no name."""
    assert flatten([], "room:*") == ["room:*"]


def test_flatten_names_each_channel_once():
    """A name that is given twice is pushed to once."""
    assert flatten(["a", ["b", "a"], "b"]) == ["a", "b"]


@pytest.mark.parametrize("channels", [[], [[]], [(), set()]])
def test_flatten_refuses_no_channel(channels):
    """A push without any channel is an error."""
    with pytest.raises(InvalidChannel, match="No channel given"):
        flatten(channels)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "empty"),
        ("x" * 201, "201 characters"),
        ("a\nb", "control character"),
        ("a\x00", "control character"),
        ("a\x85", "control character"),
        ("a\ud800", "control character"),
        (7, "not int"),
        (None, "not NoneType"),
        (b"a", "not bytes"),
        ("room:*", "pattern='room:\\*'"),
        ("@user:42", "begins with '@'.*to_user"),
        ("@", "begins with '@'"),
    ],
)
def test_names_are_checked_at_the_door(name, sentence):
    """An invalid name is refused with the reason."""
    with pytest.raises(InvalidChannel, match=sentence):
        check_name(name)
    with pytest.raises(InvalidChannel, match=sentence):
        flatten([[name]])


@pytest.mark.parametrize("name", ["x" * 200, "room:1", "Zürich ☃", "a.b[c]{d}?", " "])
def test_check_name_gives_back_a_valid_name(name):
    """Any other text of up to 200 characters is a valid name."""
    assert check_name(name) == name


@pytest.mark.parametrize("pattern", ["", "x" * 201, "a\n*", 7, "@*", "@user:*"])
def test_check_pattern_refuses_what_is_none(pattern):
    """A pattern follows the rules of names, apart from its asterisks."""
    with pytest.raises(InvalidChannel):
        check_pattern(pattern)
    with pytest.raises(InvalidChannel):
        flatten(["a"], pattern)


def test_is_pattern_sees_the_wildcard():
    """A name with an asterisk is a pattern."""
    assert is_pattern("room:*")
    assert not is_pattern("room:.+?")


@pytest.mark.parametrize(
    ("pattern", "fitting", "other"),
    [
        ("*", ["a", "room:1", "a@b"], ["@user:42", "@"]),
        ("*user:42", ["user:42"], ["@user:42"]),
        ("room:*", ["room:", "room:1", "room:1:x"], ["room", "aroom:1", "Room:1"]),
        ("*:1", ["room:1", ":1"], ["room:11", "1"]),
        ("room:*:say", ["room:1:say", "room::say"], ["room:say", "room:1:says"]),
        ("a*b*c", ["abc", "a-b-b-c"], ["acb", "ac"]),
        ("ab*ba", ["abba", "abxba"], ["aba"]),
        ("*ab*ab*", ["abab", "xabyabz"], ["ab", "aab"]),
        ("a*bc*c", ["abcc"], ["abc"]),
        ("a**b", ["ab", "a-b"], ["a"]),
        ("a.b*", ["a.b", "a.bc"], ["axb", "axbc"]),
        ("[ab]+(c|d)?*", ["[ab]+(c|d)?", "[ab]+(c|d)?x"], ["a", "abc"]),
        ("a.b", ["a.b"], ["axb", "a.bc"]),
    ],
)
def test_matcher_takes_all_but_the_asterisk_literally(pattern, fitting, other):
    """An asterisk stands for any characters, and all other characters for themselves."""
    fits = matcher(pattern)

    assert [name for name in [*fitting, *other] if fits(name)] == fitting


def test_matcher_is_quick_for_every_pattern():
    """No pattern takes long by backtracking."""
    fits = matcher("*a" * 99 + "*b")

    # A matcher that backtracks would take longer than any test may.
    assert not fits("a" * 200)


@pytest.mark.parametrize(
    "text", ["room", "room:{room_id}", "{name}", "of:{room.owner[0]}", "{{a}}", "a<b", "1 < 2 > 1"]
)
def test_format_by_which_a_name_can_be_made(text):
    """A format is checked without the values of its fields."""
    assert check_format(text) == text


@pytest.mark.parametrize("text", ["room:<room>", "room:<int:room>", "<any(a, b):kind>:{id}"])
def test_format_that_is_written_as_a_route_is_an_error(text):
    """Angle brackets, which name the arguments in a route, would give all pages one channel."""
    with pytest.raises(InvalidChannel, match=r"write it with braces.*'room:\{room_id\}'"):
        check_format(text)
