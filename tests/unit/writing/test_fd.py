"""The file descriptor of one socket."""

import socket
import ssl
import threading
from contextlib import suppress

import pytest
import trustme

from flask_realtime.writing.fd import (
    MOST_UNSENT_BYTES,
    READ_BYTES,
    TLS_RECORD_BYTES,
    descriptor_for,
)

from ...eventually import DEADLINE, eventually


def tls_pair():
    """Two ends of a TLS connection, after their handshake."""
    return wrapped_in_tls(*socket.socketpair())


def wrapped_in_tls(ours, peer):
    authority = trustme.CA()
    server, client = (ssl.create_default_context(one) for one in PURPOSES)
    authority.issue_cert("localhost").configure_cert(server)
    authority.configure_trust(client)
    wrapped = []
    shaking = threading.Thread(
        target=lambda: wrapped.append(client.wrap_socket(peer, server_hostname="localhost"))
    )
    shaking.start()
    ours = server.wrap_socket(ours, server_side=True)
    shaking.join(DEADLINE)
    return ours, wrapped[0]


PURPOSES = (ssl.Purpose.CLIENT_AUTH, ssl.Purpose.SERVER_AUTH)


@pytest.fixture(params=[socket.socketpair, tls_pair], ids=["plain", "TLS"])
def line(request):
    """A descriptor, and its peer."""
    ours, peer = request.param()
    peer.settimeout(DEADLINE)
    descriptor = descriptor_for(ours)
    descriptor.take_over()
    yield descriptor, peer
    ours.close()
    peer.close()


@pytest.fixture(params=[lambda *pair: pair, wrapped_in_tls], ids=["plain", "TLS"])
def tcp_line(request):
    """A descriptor of a TCP socket whose peer has a small buffer, and that peer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        peer = socket.socket()
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        peer.connect(server.getsockname())
        ours, peer = request.param(server.accept()[0], peer)
        with ours, peer:
            descriptor = descriptor_for(ours)
            descriptor.take_over()
            yield descriptor, peer


def exactly(peer, count):
    data = b""
    while len(data) < count:
        more = peer.recv(count - len(data))
        assert more, "the line ended"
        data += more
    return data


def fill(descriptor):
    """Write until nothing more is accepted; return the number of bytes."""
    taken = 0
    while count := descriptor.write([b"x" * 65536]):
        taken += count
    return taken


def test_kernel_keeps_little_for_a_peer_that_reads_nothing(tcp_line):
    """The kernel would buffer 4 MB for a peer that reads nothing, which our limits do not count, so
    its buffer is small."""
    descriptor, _ = tcp_line

    assert fill(descriptor) < 4 * MOST_UNSENT_BYTES


def test_descriptor_writes_all_buffers_in_order(line):
    """Several buffers are written in order."""
    descriptor, peer = line

    taken = descriptor.write([b"one ", memoryview(b"two "), b"three"])

    assert taken == 13
    assert exactly(peer, 13) == b"one two three"
    assert not descriptor.has_rest


def test_descriptor_never_waits_for_its_peer(line):
    """What the kernel does not accept is left to the caller, who continues once the peer has
    read."""
    descriptor, peer = line

    taken = fill(descriptor)
    unread = descriptor.unread()
    while descriptor.has_rest:
        exactly(peer, 65536)
        taken -= 65536
        descriptor.push_rest()
    exactly(peer, taken)

    assert unread > 0
    eventually(lambda: descriptor.unread() == 0)
    assert descriptor.write([b"again"]) == 5


def test_descriptor_reads_what_comes_and_the_end(line):
    """A read waits for data, or for the peer's end."""
    descriptor, peer = line
    received = []
    reading = threading.Thread(target=lambda: received.extend(iter(lambda: receive(), b"")))

    def receive():
        return descriptor.receive(100)

    reading.start()
    peer.sendall(b"hello")
    eventually(lambda: b"".join(received) == b"hello")
    peer.close()
    reading.join(DEADLINE)

    assert not reading.is_alive()


@pytest.mark.parametrize("address", ["tcp", "unix"])
def test_descriptor_knows_that_its_peer_has_ended_before_it_has_read_all(tmp_path, address):
    """The end of a peer that has sent much is noticed before all of it is read."""
    if address == "tcp":
        listener = socket.create_server(("127.0.0.1", 0))
    else:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(tmp_path / "socket"))
        listener.listen()
    peer = socket.socket(listener.family)
    peer.connect(listener.getsockname())
    ours, _ = listener.accept()
    descriptor = descriptor_for(ours)
    descriptor.take_over()

    peer.sendall(b"x" * 1000)
    assert not descriptor.has_peer_ended()
    peer.close()

    eventually(descriptor.has_peer_ended)
    assert descriptor.receive(1000) == b"x" * 1000
    ours.close()
    listener.close()


def test_descriptor_that_is_shut_down_wakes_its_reader(line):
    """Any thread may shut the descriptor down, also twice; its reader wakes up."""
    descriptor, _ = line
    ended = []
    reading = threading.Thread(target=lambda: ended.append(descriptor.receive(100)), daemon=True)
    reading.start()

    descriptor.shutdown()
    descriptor.shutdown()

    reading.join(DEADLINE)
    assert not reading.is_alive()


def test_descriptor_reads_on_once_it_has_finished_writing(line):
    """The peer is told that nothing more comes, and what it still sends is read and dropped."""
    descriptor, peer = line
    peer.sendall(b"late" * 100)

    descriptor.finish_writing()
    descriptor.discard_input(DEADLINE, 400)

    # TLS has not sent its closing message: the TCP connection ends.
    with suppress(ssl.SSLEOFError):
        assert peer.recv(100) == b""


def test_descriptor_drops_no_more_than_it_was_told(line):
    """A peer sends without end, or nothing. Dropping its data ends at a limit, of bytes or time."""
    descriptor, peer = line
    descriptor.discard_input(0, 1000)
    peer.sendall(b"x" * 2 * READ_BYTES)

    descriptor.discard_input(DEADLINE, 10)

    peer.close()
    assert descriptor.receive(100)


def test_descriptor_of_tls_keeps_what_openssl_has_not_taken():
    """OpenSSL needs the very same bytes again; a record of them counts as written."""
    ours, peer = tls_pair()
    with ours, peer:
        descriptor = descriptor_for(ours)
        descriptor.take_over()

        taken = fill(descriptor)

        assert taken % TLS_RECORD_BYTES == 0
        assert descriptor.has_rest
        assert not descriptor.push_rest()


def test_descriptor_undoes_a_timeout_of_the_process():
    """A timeout set by ``socket.setdefaulttimeout`` or the server would close a silent socket, so
    it is removed."""
    ours, peer = socket.socketpair()
    with ours, peer:
        ours.settimeout(0.01)
        descriptor = descriptor_for(ours)

        descriptor.take_over()

        assert ours.gettimeout() is None
        assert descriptor.send_now is not None
        assert descriptor.fileno() == ours.fileno()


def test_closed_descriptor_has_nothing_unread():
    """A closed descriptor's number may belong to another socket, so it is not asked."""
    ours, peer = socket.socketpair()
    descriptor = descriptor_for(ours)
    ours.close()
    peer.close()

    with pytest.raises((OSError, ValueError)):
        descriptor.unread()
