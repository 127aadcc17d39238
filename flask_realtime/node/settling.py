"""Waits until what was pushed to a page has its place in the page's sockets."""

from __future__ import annotations

from ..hub.hub import Hub
from ..writing.flusher import Flusher


def settle(hub: Hub, flusher: Flusher, digest: str) -> None:
    """Wait until what was posted to a client before has its place in the client's sockets.

    What others get holds up nobody: a push to thousands of sockets takes a while.

    :param hub: knows the client's sockets.
    :param flusher: writes to them.
    :param digest: the client's digest.
    """
    outboxes = [one.outbox for one in hub.connections(digest)]
    if outboxes:
        flusher.settle(outboxes)
