"""All that one process holds for one app."""

import socket

import pytest
from flask import Flask

from flask_realtime import Realtime
from flask_realtime.descriptor import descriptor_for
from flask_realtime.transport import Refusal


class Shaken:
    """A handshake that was accepted, and what RFC 6455 made of it."""

    environ = {}  # noqa: RUF012 - nobody writes to it
    socket_key = "a key"
    resumes = False
    address = "127.0.0.1"
    accept = b"101"
    deflates = False

    def __init__(self, descriptor, while_admitted):
        self.descriptor = descriptor
        self._while_admitted = while_admitted

    @property
    def connection_id(self):
        self._while_admitted()
        return "an id of a page"


def test_process_that_stops_amid_a_handshake_refuses_it():
    """A drain that began meanwhile would not see this socket, and it would live to the kill."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY="a secret", REALTIME_REGISTRY="memory")
    Realtime(app)
    process = app.extensions["realtime"].process()
    ours, peer = socket.socketpair()
    shaken = Shaken(descriptor_for(ours), lambda: process.drain(0))

    with ours, peer, pytest.raises(Refusal) as refused:
        process.admit(shaken, shaken)

    assert refused.value.status == 503
    assert process.connections() == []
    assert process.health()["connections"] == 0
