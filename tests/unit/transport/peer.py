"""A peer that sends frames to a connection."""

from __future__ import annotations

from flask_realtime.threads.time_slice import TimeSlice

from ...deflate import deflated
from ...frames import client_frame

MASK = b"\x8a\x01\xff\x20"


def frame(payload, first=0x81, mask=MASK, size=None):
    return client_frame(payload, first, mask, size)


def deflated_frame(text):
    return frame(deflated(text), first=0xC1)


class Recorder:
    """A connection whose peer sends *chunks*, with its reading and its receiver.

    :param takes: whether each further frame is heeded.
    """

    def __init__(self, chunks, takes=lambda: True):
        self.chunks = list(chunks)
        self.receiver = self.reading = self
        self.time_slice = TimeSlice()
        self.messages = []
        self.written = []
        self.closed = []
        self.takes_frame = takes

    def receive(self, size):
        return self.chunks.pop(0) if self.chunks else b""

    def received(self, message):
        self.messages.append(message)

    def write(self, data):
        self.written.append(data)

    def close(self, code, reason=""):
        self.closed.append(code)

    def settle(self):
        pass

    def yield_turn(self):
        return 0.0
