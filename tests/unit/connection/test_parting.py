"""The end of a socket, as its peer sees it."""

import socket
import threading

import pytest

from flask_realtime.connection.parting import part_from_peer
from flask_realtime.writing.fd import descriptor_for
from flask_realtime.writing.flusher import Flusher
from flask_realtime.writing.outbox import Outbox
from flask_realtime.writing.owner import NOBODY
from tests.eventually import DEADLINE


@pytest.fixture
def ends():
    """An outbox with its descriptor, and the peer's end of the socket."""
    ours, peer = socket.socketpair()
    with ours, peer:
        peer.settimeout(DEADLINE)
        descriptor = descriptor_for(ours)
        descriptor.take_over()
        flusher = Flusher()
        outbox = Outbox(descriptor, flusher.lock, NOBODY, deflates=False, limit=10_000_000)
        yield flusher, outbox, descriptor, peer
        flusher.close()


def test_peer_gets_what_waits_and_may_finish_its_message(ends):
    """The peer reads a large answer only once it has sent its own message whole. It gets the answer
    and the end, and the socket is left when the peer has ended it, too."""
    flusher, outbox, descriptor, peer = ends
    flusher.send(outbox, b"a" * 1_000_000)
    parting = threading.Thread(target=part_from_peer, args=(outbox, descriptor), daemon=True)

    parting.start()
    received = 0
    while received < 1_000_000:
        received += len(peer.recv(1_000_000))
    peer.sendall(b"m" * 1_000_000)

    assert peer.recv(1) == b""
    assert parting.is_alive()
    peer.close()
    parting.join(DEADLINE)
    assert not parting.is_alive()


@pytest.mark.usefixtures("short_goodbyes")
def test_peer_that_says_nothing_is_not_waited_for(ends):
    """A peer neither reads nor ends its side."""
    flusher, outbox, descriptor, _peer = ends
    flusher.send(outbox, b"a" * 1_000_000)

    part_from_peer(outbox, descriptor)

    assert outbox.has_backlog


def test_peer_that_has_gone_is_no_error(ends):
    """The peer has ended its side already."""
    _, outbox, descriptor, peer = ends
    peer.close()

    part_from_peer(outbox, descriptor)
