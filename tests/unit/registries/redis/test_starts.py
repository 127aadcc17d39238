"""How Redis stores where a subscription begins."""

import pytest

from flask_realtime.protocol.positions import Position
from flask_realtime.protocol.starts import Past, Start
from flask_realtime.registries.redis.starts import parse_start, write_since, write_start
from flask_realtime.registries.subscriptions import Subscription

AT, BEFORE = Position("1700000000000abc", 30, "t30"), Position("1700000000000abc", 10, "t10")


@pytest.mark.parametrize("given", [None, Start()])
def test_where_the_log_stands_costs_not_a_byte(given):
    """A subscription that begins at the log's tail, as most do, stores nothing."""
    assert write_start(given, "digest") == ""


@pytest.mark.parametrize("given", [AT, Start(AT)])
def test_plain_position_stands_for_itself(given):
    """A plain position has the format of earlier versions, for apps that are updated."""
    assert write_start(given, "digest") == str(AT)
    assert parse_start(str(AT).encode()) == Start(AT)


@pytest.mark.parametrize(
    "start",
    [Start(AT, by_view=True), Start(AT, Past(BEFORE, "m1")), Start(AT, Past(BEFORE, "m"), 0, True)],
)
def test_start_is_read_as_it_was_written(start):
    """A start with earlier messages, or of a decorator, is read back unchanged."""
    assert parse_start(write_start(start, "digest").encode()) == start


def test_script_is_told_what_to_fill_in():
    """The script gets the number of messages and their receiver, and fills in the position."""
    last = write_start(Start(last=20), "d1")
    assert last.partition(">")[2] == "#20:d1>"
    assert write_start(Start(last=20), "d1") != last
    assert write_start(Start(by_view=True), "d1") == "v>>"


@pytest.mark.parametrize(("lag", "ends_with"), [(0, ":1700"), (12, ":1700-12")])
def test_subscription_has_its_moment_and_its_lag_if_there_is_one(lag, ends_with):
    """A subscription is stored with when it was made, and how much earlier it was asked for."""
    one = Subscription(AT, None, 1700, lag=lag)

    assert write_since(one, "digest") == f"{AT}{ends_with}"
