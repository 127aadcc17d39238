"""A socket of a page whose session has ended."""

import pytest

from flask_realtime.node.ended_receiver import EndedReceiver

from ..sockets import Pair


@pytest.fixture
def pair():
    pair = Pair()
    yield pair
    pair.end()


def test_socket_of_a_session_that_has_ended_is_told_so_behind_its_101(pair):
    """The socket opens and then closes with 4001, because a browser gives scripts no reason for a
    refused handshake."""
    forgotten = []
    receiver = EndedReceiver(pair.connection, forgotten.append)
    recorder, pair.connection.receiver = pair.connection.receiver, receiver

    receiver.turn_away()
    pair.thread.start()

    assert pair.peer.recv(3) == b"101"
    assert pair.receive_close() == 4001
    pair.peer.close()
    pair.thread.join(60)
    assert forgotten == [pair.connection]
    recorder.is_closed.set()
