"""Sockets that their server has dropped before their start are ended."""

import pytest

from flask_realtime.connection.abandoned import AbandonedSockets


class Waiting:
    """A connection whose server may have dropped it."""

    def __init__(self, is_abandoned):
        self.is_abandoned = is_abandoned
        self.steps = []

    def cut(self):
        self.steps.append("cut")

    def live(self, read):
        self.steps.append(read())


def test_socket_that_was_dropped_is_ended_once():
    """Its peer is cut off first, so that nothing is written to it. Others are left alone."""
    dropped, begun = Waiting(True), Waiting(False)
    sockets = AbandonedSockets(lambda: [dropped, begun], lambda job: job())

    sockets.sweep()
    sockets.sweep()

    assert dropped.steps == ["cut", 1006]
    assert begun.steps == []


def test_socket_for_whose_end_there_is_no_thread_is_ended_later():
    """The system has no thread left to end a socket on. The next sweep tries again."""
    dropped, jobs = Waiting(True), []

    def run(job):
        if not jobs:
            jobs.append(job)
            raise RuntimeError("can't start new thread")
        job()

    sockets = AbandonedSockets(lambda: [dropped], run)
    with pytest.raises(RuntimeError):
        sockets.sweep()
    before = [*dropped.steps]

    sockets.sweep()

    assert not before
    assert dropped.steps == ["cut", 1006]
