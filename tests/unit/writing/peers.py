"""Peers that read large replies at a speed of their own, by a stopped clock."""

import contextlib
import itertools

from flask_realtime.writing import slow_replies as module
from flask_realtime.writing.slow_replies import FILLING_SECONDS, SlowReplies

from .lines import Line

numbers = itertools.count()
# The kernel counts what a peer has read by pieces of 32 KB.
PIECE = 40_000


class Peers:
    """Sockets, each of a browser session of its own or all of one, and the replies that wait for
    them."""

    def __init__(self, clock, monkeypatch, session=None):
        self.replies = SlowReplies()
        self._session = session
        self._clock = clock
        self._monkeypatch = monkeypatch
        self._closing = contextlib.ExitStack()

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self._closing.close()

    def ask(self, count, size=300_000):
        """Let *count* further peers get a reply; return them, and the outboxes that have to end."""
        sessions = [self._session or f"{next(numbers):032}" for _ in range(count)]
        peers = [Line(limit=10_000_000, session=one) for one in sessions]
        ended = []
        for peer in peers:
            self._closing.callback(peer.close)
            peer.outbox.append(b"x" * size)
            peer.outbox.flush()
            ended += self.replies.note(peer.outbox)
        return peers, ended

    def read(self, *peers, turns=3):
        """Let *peers* read a little several times; a peer that is named twice reads twice as
        fast."""
        for _ in range(turns):
            self._clock.now += FILLING_SECONDS
            self.replies.look()
            for peer in peers:
                peer.outbox.flush()
                peer.receive(PIECE)
        self._clock.now += FILLING_SECONDS
        self.replies.look()

    def leave_room(self, peers, size):
        """Allow replies so many bytes more than those of *peers* have now."""
        held = sum(peer.outbox.reply_bytes for peer in peers)
        self._monkeypatch.setattr(module, "REPLY_BYTES", held + size)
