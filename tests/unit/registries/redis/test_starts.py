"""Where a subscription begins, as Redis holds it."""

import pytest

from flask_realtime.protocol.positions import Position
from flask_realtime.protocol.starts import Past, Start
from flask_realtime.registries.redis.starts import parse_start, write_start

AT, BEFORE = Position("1700000000000abc", 30, "t30"), Position("1700000000000abc", 10, "t10")


@pytest.mark.parametrize("given", [None, Start()])
def test_where_the_log_stands_costs_not_a_byte(given):
    """As nearly all subscriptions begin."""
    assert write_start(given, "digest") == ""


@pytest.mark.parametrize("given", [AT, Start(AT)])
def test_plain_position_stands_for_itself(given):
    """As it always has, in the Redis of an app that is updated."""
    assert write_start(given, "digest") == str(AT)
    assert parse_start(str(AT).encode()) == Start(AT)


@pytest.mark.parametrize(
    "start",
    [Start(AT, by_view=True), Start(AT, Past(BEFORE, "m1")), Start(AT, Past(BEFORE, "m"), 0, True)],
)
def test_start_is_read_as_it_was_written(start):
    """With its past, and whose it is."""
    assert parse_start(write_start(start, "digest").encode()) == start


def test_script_is_told_what_to_fill_in():
    """How many messages, for whom; and the position, at its end."""
    last = write_start(Start(last=20), "d1")
    assert last.partition(">")[2] == "#20:d1>"
    assert write_start(Start(last=20), "d1") != last
    assert write_start(Start(by_view=True), "d1") == "v>>"
