"""Positions in a channel's log."""

import pytest

from flask_realtime.protocol.positions import Position, new_tag


@pytest.mark.parametrize(
    "position", [Position("k3f9", 17, "b2"), Position("p0x2", 0, ""), Position("e", 2**53, "t")]
)
def test_position_reads_what_it_wrote(position):
    """A position is sent to a client as text and read back unchanged."""
    assert Position.parse(str(position)) == position


def test_position_is_written_as_epoch_seq_tag():
    """The text has the format of the wire protocol."""
    assert str(Position("k3f9", 17, "b2")) == "k3f9:17:b2"
    assert str(Position("p0x2", 0, "")) == "p0x2:0:"


@pytest.mark.parametrize(
    "text",
    ["", "a", "a:1", "a:1:b:c", ":1:b", "a::b", "a:-1:b", "a:1.5:b", "a:x:b", "a: 1:b", "a:²:b",
     "a>b:1:c", "a b:1:c", "a:1:c\n", "ä:1:c", "a:1:c>"],
)  # fmt: skip
def test_position_refuses_what_is_none(text):
    """An invalid position is a ValueError, and no other error."""
    with pytest.raises(ValueError):
        Position.parse(text)


def test_position_refuses_numbers_too_long_to_count():
    """A number with endless digits, which int() would take very long to read, is refused."""
    with pytest.raises(ValueError):
        Position.parse("a:" + "9" * 5000 + ":b")
    with pytest.raises(ValueError):
        Position.parse("a:" + "9" * 17 + ":b")


def test_start_is_before_the_first_entry_of_a_log_of_its_own():
    """Two new logs differ in all but the number 0."""
    one, other = Position.start(), Position.start()

    assert (one.seq, one.tag) == (other.seq, other.tag) == (0, "")
    assert one.epoch != other.epoch
    assert Position.parse(str(one)) == one


def test_new_tag_is_random_and_fits_into_a_position():
    """Tags tell two histories of a log apart, so each is random."""
    tags = {new_tag() for _ in range(100)}

    assert len(tags) == 100
    assert all(Position.parse(f"a:1:{tag}").tag == tag for tag in tags)
