"""The values that a registry takes and returns."""

import dataclasses

import pytest

from flask_realtime import registries
from flask_realtime.errors import CloseCode
from flask_realtime.protocol.positions import Position
from flask_realtime.registries.records import Arrival, ConnectionRecord, Disconnect, LogPage

RECORDS = [
    LogPage((), Position.start()),
    ConnectionRecord("digest", "1", {}),
    Arrival(None, ()),
    Disconnect(session="session"),
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_record_is_a_value(record):
    """A record cannot be changed, and equal records are equal, so threads may share it."""
    assert record == dataclasses.replace(record)
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(record, dataclasses.fields(record)[0].name, None)


def test_record_says_by_default_that_nothing_is_amiss():
    """A registry of somebody else's gives only the fields that it knows; the defaults mean that
    nothing is wrong."""
    page, arrival, order = RECORDS[0], RECORDS[2], RECORDS[3]

    assert (page.lost, page.is_trimmed) == (False, False)
    assert (arrival.is_resumed, arrival.has_ended) == (False, False)
    assert (order.code, order.digest, order.user) == (CloseCode.NORMAL, None, None)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_record_is_public(record):
    """Every record can be imported from one place."""
    assert getattr(registries, type(record).__name__) is type(record)
    assert type(record).__name__ in registries.__all__
