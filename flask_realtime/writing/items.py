"""What waits in an outbox: frames that many sockets get, and replies for one."""

from __future__ import annotations

from collections.abc import Sequence

from ..protocol.positions import Position
from .frames import Frame

# How much memory an item takes beside its bytes. A frame for many counts in full at each receiver.
BYTES_OF_FRAME = 400
BYTES_OF_REPLY = 50
# Replies of this size and more count as large: all of a process may take a bounded part of memory.
LARGE_REPLY_BYTES = 64 * 1024

#: A frame is a push: it is dropped at a close, and the client gets it again when it resumes. Bytes
#: are a reply, or a frame of the protocol's own.
Item = Frame | bytes


def memory_of(item: Item, deflates: bool) -> int:
    """Return about how many bytes of memory *item* holds.

    :param deflates: whether the peer takes deflated frames.
    """
    if isinstance(item, bytes):
        return len(item) + BYTES_OF_REPLY
    # A frame keeps its plain form for other peers, also where this one takes the deflated form.
    is_deflated = deflates and item.deflated is not item.plain
    return len(item.plain) + (len(item.deflated) if is_deflated else 0) + BYTES_OF_FRAME


def is_large_reply(item: Item) -> bool:
    """Return whether *item* is a reply of ``LARGE_REPLY_BYTES`` or more."""
    return isinstance(item, bytes) and len(item) >= LARGE_REPLY_BYTES


def bytes_of_replies(items: Sequence[Item]) -> int:
    """Return how many bytes the replies have that are among *items*."""
    return sum([len(one) for one in items if isinstance(one, bytes)])


def first_places(items: Sequence[Item]) -> dict[str, Position]:
    """Return, by channel, the position before the first push that is among *items*."""
    places: dict[str, Position] = {}
    for item in items:
        if not isinstance(item, bytes) and item.before is not None:
            places.setdefault(item.channel, item.before)
    return places
