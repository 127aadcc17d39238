"""One process of one app."""

import socket

import pytest
from flask import Flask

from flask_realtime import Realtime
from flask_realtime.registries.records import ConnectionRecord
from flask_realtime.threads.worker import Worker
from flask_realtime.transport.handshake import Refusal
from flask_realtime.writing.fd import descriptor_for
from tests.eventually import DEADLINE

from ..handshakes import Shaken


@pytest.fixture
def node():
    app = Flask(__name__)
    app.config.update(SECRET_KEY="a secret", REALTIME_REGISTRY="memory")
    Realtime(app)
    return app.extensions["realtime"].node()


def test_node_that_stops_amid_a_handshake_refuses_it(node):
    """A drain that began meanwhile would not see this socket, and it would live to the kill."""
    ours, peer = socket.socketpair()
    shaken = Shaken(descriptor_for(ours), lambda: node.drain(0))

    with ours, peer, pytest.raises(Refusal) as refused:
        node.admit(shaken)

    assert refused.value.status == 503
    assert node.connections() == []
    assert node.health()["connections"] == 0


def test_node_needs_no_worker_for_a_socket_that_missed_nothing(node, monkeypatch):
    """A page whose channels are heard here already is on them as soon as its socket opens."""
    ours, peer = socket.socketpair()
    with ours, peer:
        first = node.admit(Shaken(descriptor_for(ours)))
        node.registry.subscribe(first.digest, ["room"])
        node.registry.forget_connection(ConnectionRecord(first.digest, first.name, {}))
        first = node.admit(Shaken(descriptor_for(ours)))
        first.receiver.opened()
        assert first.worker.wait_until_idle(DEADLINE)
        second = node.admit(Shaken(descriptor_for(ours)))
        monkeypatch.setattr(Worker, "submit", lambda worker, job: pytest.fail("It works."))

        second.receiver.opened()

        assert node.health()["channels"] == 1
