"""The positions at which subscriptions begin."""

import pytest

from flask_realtime.protocol.positions import Position
from flask_realtime.protocol.starts import Past, Start, as_start, as_starts, check_last, new_past

AT = Position("e1", 3, "t3")


def test_start_may_be_a_position_or_nothing():
    """A subscription begins at the log's tail, or at a known position."""
    assert as_start(None) == Start()
    assert as_start(AT) == Start(AT)
    assert as_start(Start(AT, by_view=True)) == Start(AT, by_view=True)


def test_channels_may_be_names_alone():
    """A name alone begins at the log's tail."""
    assert as_starts(["a", "b"]) == {"a": None, "b": None}
    assert as_starts({"a": AT}) == {"a": AT}


def test_two_pasts_of_one_place_are_told_apart():
    """Earlier messages (``last=``) of two subscriptions at the same position differ."""
    assert new_past(AT) != new_past(AT)
    assert new_past(AT)._replace(mark="m") == Past(AT, "m")


@pytest.mark.parametrize("last", [True, False, "20", 2.0, None, [1]])
def test_last_is_a_whole_number(last):
    """Another value is an error that shows it."""
    with pytest.raises(TypeError, match="whole number of messages"):
        check_last(last)


def test_last_is_not_negative():
    """A negative number is an error."""
    with pytest.raises(ValueError, match="last is -1"):
        check_last(-1)


def test_last_is_no_more_than_a_log_keeps():
    """A number beyond what a log keeps is an error that names the setting."""
    assert check_last(0, 5) == 0
    assert check_last(5, 5) == 5
    assert check_last(1_000_000) == 1_000_000
    with pytest.raises(ValueError, match=r"keeps 5 messages.*REALTIME_HISTORY_SIZE"):
        check_last(6, 5)
