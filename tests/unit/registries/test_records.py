"""What a registry takes and gives."""

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
    """What two threads hold cannot be changed by one of them, and equal records are equal."""
    assert record == dataclasses.replace(record)
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(record, dataclasses.fields(record)[0].name, None)


def test_record_says_by_default_that_nothing_is_amiss():
    """A registry of somebody else's names only what it knows."""
    page, arrival, order = RECORDS[0], RECORDS[2], RECORDS[3]

    assert (page.lost, page.is_trimmed) == (False, False)
    assert (arrival.is_resumed, arrival.has_ended) == (False, False)
    assert (order.code, order.digest, order.user) == (CloseCode.NORMAL, None, None)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_record_is_public(record):
    """Whoever writes a registry imports what its methods take and give from one place."""
    assert getattr(registries, type(record).__name__) is type(record)
    assert type(record).__name__ in registries.__all__
