"""Handshakes that were accepted, as a node admits them."""

import socket
from contextlib import contextmanager

from flask_realtime.writing.fd import descriptor_for


class Shaken:
    """A handshake that was accepted.

    :param descriptor: its fd.
    :param while_admitted: called in the middle of the admission.
    """

    environ = {}  # noqa: RUF012 - nobody writes to it
    socket_key = "a key"
    resumes = False
    address = "127.0.0.1"
    accept = b"101"
    deflates = False

    def __init__(self, descriptor, while_admitted=lambda: None):
        self.descriptor = descriptor
        self._while_admitted = while_admitted

    @property
    def connection_id(self):
        self._while_admitted()
        return "an id of a page"


@contextmanager
def admitted(node):
    """A connection of *node* over a real pair of sockets, as it is before its 101."""
    ours, peer = socket.socketpair()
    with ours, peer:
        shaken = Shaken(descriptor_for(ours))
        yield node.admit(shaken)
