"""What a connection takes from its opening handshake and from its process."""

import gc
import socket
import weakref

from flask_realtime.config.settings import Config
from flask_realtime.connection.beginning import Shared
from flask_realtime.connection.connection import Connection
from flask_realtime.threads.pool import ThreadPool
from flask_realtime.writing.fd import descriptor_for
from flask_realtime.writing.flusher import Flusher


class Handshake:
    """An opening handshake, which may be referred to weakly."""

    address = "192.0.2.7"
    accept = b"101"
    deflates = True
    session_seconds = 60.0

    def __init__(self, descriptor):
        self.descriptor = descriptor


def test_connection_is_what_its_handshake_says_and_keeps_no_handshake():
    """The handshake holds the whole request, for which an open socket has no use."""
    ours, peer = socket.socketpair()
    handshake = Handshake(descriptor_for(ours))
    kept = weakref.ref(handshake)
    shared = Shared(Flusher(), ThreadPool(), Config(max_backlog_bytes=7_000), lambda _: {})

    connection = Connection(handshake, shared, "1", "d" * 64, "u" * 64)
    del handshake
    gc.collect()

    assert kept() is None
    assert (connection.address, connection.user) == ("192.0.2.7", "u" * 64)
    assert (connection.outbox.deflates, connection.outbox.limit) == (True, 7_000)
    assert connection.session_ends_at == connection.opened_at + 60.0
    ours.close()
    peer.close()
