"""Announcements that somebody else has published under this app's names."""

import pytest

from flask_realtime.protocol.positions import Position
from flask_realtime.protocol.publications import Publication
from tests.eventually import DEADLINE

from ..logs import Ear
from .board import Board


@pytest.fixture
def board():
    return Board()


def forged(board, seq=1000):
    return Publication("room", Position(board.log.tail.epoch, seq, "ffff"), "eeee", '"forged"')


def test_delivery_of_a_forged_message_costs_one_read(board, caplog):
    """A forged announcement that does not fit costs one read of the log, and stops nothing."""
    ear = board.put(Ear())
    board.push(1)
    calls = board.reader.calls

    board.delivery.deliver(forged(board))
    board.channel_catch_up.run(board.paused, DEADLINE)
    board.push(2)

    assert board.reader.calls == calls + 1
    assert ear.payloads == [1, 2]
    assert board.delivery.paused(["room"]) == []


def test_delivery_goes_on_while_messages_are_forged(board):
    """A forged message during the reading costs one more read, and further ones cost no more at
    once."""
    ear = board.put(Ear())
    board.delivery.deliver(forged(board))
    calls = board.reader.calls

    def forge_once_more():
        board.reader.after_read = None
        for seq in range(1000, 1100):
            board.delivery.deliver(forged(board, seq))

    board.reader.after_read = forge_once_more
    board.channel_catch_up.run(board.paused, DEADLINE)
    board.push("genuine")

    assert board.reader.calls == calls + 2
    assert ear.payloads == ["genuine"]


def test_delivery_tells_of_holes_now_and_then(board, caplog, clock):
    """A thousand forged messages do not write a thousand lines to the log."""
    board.put(Ear())
    for _ in range(5):
        board.delivery.deliver(forged(board))
        board.channel_catch_up.run(["room"], DEADLINE)
    told = len(caplog.records)
    clock.now += 100
    board.delivery.deliver(forged(board))

    assert told == 1
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 2
