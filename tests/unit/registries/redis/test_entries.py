"""A log's entries, read from Redis."""

import pytest

from flask_realtime.protocol.positions import Position
from flask_realtime.protocol.pushes import Push
from flask_realtime.protocol.routes import TO_ALL
from flask_realtime.registries.redis.entries import parse_entry, parse_position, passing_entry


def test_entry_holds_position_previous_tag_route_and_payload():
    """A payload may hold line feeds, colons and any other character."""
    entry = f"e1:7:t7:t6:{TO_ALL}\n".encode() + '"a:b\nü"'.encode()

    publication = parse_entry("news", entry)

    assert publication.channel == "news"
    assert publication.position == Position("e1", 7, "t7")
    assert publication.previous_tag == "t6"
    assert publication.route == TO_ALL
    assert publication.payload == '"a:b\nü"'


def test_entry_of_a_push_that_no_log_takes_is_read_back():
    """An ephemeral push has no position, but its route and payload."""
    push = Push("news", '"hi"', None)

    publication = parse_entry("news", passing_entry(push))

    assert publication.is_ephemeral
    assert (publication.route, publication.payload) == (push.route, push.payload)


@pytest.mark.parametrize("entry", [b"", b"e1:7:t7", b"e1:x:t7:t6:\n1", b"\xff:7:t7:t6:\n1"])
def test_entry_of_another_form_is_refused(entry):
    """An entry that this package did not write is an error."""
    with pytest.raises(ValueError):
        parse_entry("news", entry)


def test_position_is_what_scripts_reply():
    """A script replies a position as epoch, number and tag."""
    assert parse_position(b"e1:7:t7") == Position("e1", 7, "t7")
