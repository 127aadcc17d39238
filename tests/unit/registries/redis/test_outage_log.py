"""Log lines while Redis is unavailable."""

import logging

import pytest

from flask_realtime.registries.redis import outage_log as loss
from flask_realtime.registries.redis.address import RedisAddress
from flask_realtime.registries.redis.outage_log import Loss


@pytest.fixture
def passed(monkeypatch):
    """The seconds that have passed, in a list of one."""
    seconds = [1000.0]
    monkeypatch.setattr(loss.clock, "monotonic", lambda: seconds[0])
    return seconds


@pytest.fixture
def said(caplog):
    caplog.set_level(logging.INFO, logger=loss.__name__)
    return lambda: [(one.levelname, one.getMessage()) for one in caplog.records]


def test_loss_is_logged_once_and_then_each_minute(passed, said):
    """The loss is logged once and then each minute, since a line for each attempt would hide other
    lines."""
    address = RedisAddress("redis://localhost:1/0", "REALTIME_REDIS", 5)
    one = Loss(address)
    name = "redis://localhost:1/0 (REALTIME_REDIS)"

    for _ in range(50):  # attempts, for two and a half minutes
        one.report("Connection refused.")
        passed[0] += 3
    one.end()
    one.end()
    one.report("It says no")

    first, *others, again, anew = said()
    assert first == (
        "ERROR",
        f"Lost the connection that listens to Redis at {name}; connecting again: "
        "Connection refused.",
    )
    assert others == [("WARNING", first[1])] * 2
    assert again == ("WARNING", f"Listening to Redis at {name} again.")
    assert anew[0] == "ERROR" and anew[1].endswith("connecting again: It says no.")


def test_link_that_was_never_lost_is_not_logged(said):
    """Confirmations of a link that was not lost write no line."""
    Loss(RedisAddress("redis://localhost:1/0", "REALTIME_REDIS", 5)).end()

    assert said() == []
