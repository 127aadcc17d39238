"""What waits for a peer that is behind: how much that is, and what it costs to know."""

from contextlib import closing

from flask_realtime.writing.fd import MOST_BUFFERS
from flask_realtime.writing.frames import Frame
from tests.eventually import eventually

from ..sockets import frame
from .lines import Line


class WeighedFrame(Frame):
    """A frame that counts how often it was looked at what it holds."""

    looks = 0

    @property
    def deflated(self):
        self.looks += 1
        return super().deflated


def fall_behind(line):
    """Have the peer of *line* be behind, with one frame that is partly sent."""
    line.fill()
    line.outbox.append(frame(1))
    assert not line.outbox.flush()


def test_what_the_peer_has_taken_is_no_backlog_any_more():
    """A peer that stays behind, but reads, may be sent as much more as it has read."""
    with closing(Line(limit=2_000_000)) as line:
        fall_behind(line)
        line.outbox.append(*[b"x" * 10_000] * 190)

        def has_taken_half():
            line.read()
            line.outbox.flush()
            return line.outbox.reply_bytes < 950_000

        eventually(has_taken_half)
        line.outbox.append(*[b"x" * 10_000] * 80)
        before = list(line.told)
        line.outbox.append(*[b"x" * 10_000] * 190)

        assert line.outbox.has_backlog
        assert before == []
        assert "waits behind a message" in line.told[0]


def test_what_waits_is_weighed_once():
    """Each time that a slow peer takes a part, the rest is not weighed again: thousands of frames
    may wait for it, and all other sockets of the process wait meanwhile."""
    with closing(Line(deflates=True, limit=10_000_000)) as line:
        fall_behind(line)
        last = WeighedFrame('"last"')
        line.outbox.append(*[frame(seq) for seq in range(2, 2 * MOST_BUFFERS)], last)
        weighed = last.looks

        for _ in range(3):
            assert not line.outbox.flush()

        assert last.looks == weighed
