"""A channel's log in a list, and listeners that record what they receive."""

import json

from flask_realtime.protocol.positions import Position, new_tag
from flask_realtime.protocol.publications import Publication
from flask_realtime.protocol.routes import TO_ALL
from flask_realtime.registries.records import LogPage


class Log:
    """The log of one channel, without a registry."""

    def __init__(self, channel, epoch="e1"):
        self.channel = channel
        self.tail = Position(epoch, 0, "")
        self.publications = []

    def append(self, payload, route=TO_ALL):
        before = self.tail
        self.tail = Position(before.epoch, before.seq + 1, new_tag())
        publication = Publication(self.channel, self.tail, before.tag, json.dumps(payload), route)
        self.publications.append(publication)
        return publication

    def page(self, cursor, count=None, max_bytes=1_000_000):
        if cursor is None or cursor == self.tail:
            return LogPage((), self.tail)
        for index, publication in enumerate(self.publications):
            if publication.before == cursor:
                found = []
                for one in self.publications[index:][:count]:
                    found.append(one)
                    max_bytes -= len(one.payload)
                    if max_bytes <= 0:
                        break
                return LogPage(tuple(found), self.tail)
        oldest = self.publications[0].position.seq if self.publications else self.tail.seq + 1
        is_trimmed = cursor.epoch == self.tail.epoch and cursor.seq + 1 < oldest
        return LogPage((), self.tail, lost=True, is_trimmed=is_trimmed)


class Reader:
    """Reads logs as a registry does, and counts how often, and how many entries."""

    def __init__(self, *logs, count=None):
        self.logs = {log.channel: log for log in logs}
        self.count = count
        self.calls = self.entries = 0
        self.after_read = None

    def __call__(self, cursors, max_bytes):
        self.calls += 1
        pages = {
            name: self.logs[name].page(at, self.count, max_bytes) for name, at in cursors.items()
        }
        self.entries += sum(len(page.publications) for page in pages.values())
        if self.after_read is not None:
            self.after_read()
        return pages


class Ear:
    """The part of a connection that the hub uses; it records what it is sent."""

    is_receptive = True
    has_backlog = False

    def __init__(self, digest="d1", user=None):
        self.user = user
        self.digest = digest
        self.frames = []
        # Its own outbox: what is posted is heard at once.
        self.outbox = self

    def queue(self, frames):
        self.frames.extend(frames)

    def tell_left(self, channels):
        """Record the channels that the page is told it has left."""
        self.left = [*getattr(self, "left", ()), *channels]

    def wait_until_taken(self):
        """Return at once: everything is taken as soon as it is sent."""

    @property
    def payloads(self):
        """Return what was heard, in order; LOST if the client was told that messages are."""
        return [
            json.loads(text_of(frame))["payload"] if frame.publication else "LOST"
            for frame in self.frames
        ]


def text_of(frame):
    """Return the payload of a frame."""
    return frame.plain[{126: 4, 127: 10}.get(frame.plain[1], 2) :]


def post(frame, ears):
    """Hand a frame to its listeners at once, which the flusher does a little later."""
    for ear in ears:
        ear.queue([frame])
