"""Undocumented names of other packages that we use.

``setup.cfg`` keeps out the versions that nobody has tried. When a bound is raised, these tests say
which name has changed.
"""

import configparser
import inspect
import pathlib
import re
import signal
import socket
import subprocess
import sys

import flask_sock
import pytest
import simple_websocket
from gunicorn.config import Config
from gunicorn.workers.base import Worker
from gunicorn.workers.gthread import ThreadWorker
from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.extensions import Extension
from wsproto.frame_protocol import CloseReason, FrameDecoder, FrameProtocol, Opcode, ParseFailed

ROOT = pathlib.Path(__file__).parents[3]
BOUNDED = ["flask-sock", "gevent", "gunicorn", "simple-websocket", "wsproto"]


@pytest.mark.parametrize("name", BOUNDED)
def test_versions_that_nobody_has_tried_are_kept_out(name):
    """Each of these packages has an upper bound in the requirements."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    required = config["options"]["install_requires"] + config["options.extras_require"]["gunicorn"]

    (bounds,) = re.findall(rf"^{name}(>=.*)$", required, re.MULTILINE)

    assert re.search(r",<\d+", bounds)


class Loop:
    """What simple-websocket uses as its thread."""

    name = ""

    def __init__(self, target):
        self.target = target
        self.is_started = False

    def start(self):
        self.is_started = True


class Heard:
    """What simple-websocket uses as its socket and its event."""

    def __init__(self, *chunks):
        self.chunks = [*chunks, b""]
        self.calls = []

    def recv(self, size):
        self.calls.append(("recv", size))
        return self.chunks.pop(0)

    def send(self, data):
        self.calls.append("send")

    def close(self):
        self.calls.append("close")

    def set(self):
        self.calls.append("set")

    def clear(self):
        self.calls.append("clear")


class Server(simple_websocket.Server):
    """simple-websocket's server after its handshake."""

    def handshake(self):
        self.ws = Connection(ConnectionType.SERVER)
        self.connected = True


def test_simple_websocket_reads_by_what_it_is_given():
    """simple-websocket's loop is the target of its thread, reads from the socket, and sets the
    event at the end."""
    heard = Heard(b"\x81\x82\0\0\0\0hi")

    server = Server(
        {"werkzeug.socket": heard},
        receive_bytes=77,
        max_message_size=1000,
        thread_class=Loop,
        event_class=lambda: heard,
    )
    server.thread.target()

    assert server.thread.is_started
    assert server.input_buffer == ["hi"]
    assert heard.calls == [("recv", 77), "set", ("recv", 77), "set", "close"]
    assert server.max_message_size == 1000
    assert server.close_reason == CloseReason.NO_STATUS_RCVD
    assert server.ws.state is ConnectionState.OPEN


def test_flask_sock_registers_its_route_with_what_it_is_given():
    """flask-sock passes a view and the rule's options to ``bp.route``."""
    calls = []

    class Mount:
        def route(self, path, **options):
            calls.append((path, options))
            return calls.append

    flask_sock.Sock().route("/path", bp=Mount(), subdomain="x")(print)

    assert calls[0] == ("/path", {"subdomain": "x", "websocket": True})
    assert callable(calls[1])


def test_wsproto_reads_by_methods_that_can_be_replaced():
    """The methods of wsproto's connection and extension have the parameters of ours."""
    methods = [
        (Connection.receive_data, ["self", "data"]),
        (Connection.events, ["self"]),
        (Extension.enabled, ["self"]),
        (Extension.frame_inbound_header, ["self", "proto", "opcode", "rsv", "payload_length"]),
        (Extension.frame_inbound_payload_data, ["self", "proto", "data"]),
        (Extension.frame_inbound_complete, ["self", "proto", "fin"]),
    ]

    assert [list(inspect.signature(one).parameters) for one, _ in methods] == [
        names for _, names in methods
    ]
    assert FrameDecoder and FrameProtocol and ConnectionState.LOCAL_CLOSING
    assert Opcode.PING.iscontrol() and not Opcode.CONTINUATION.iscontrol()
    assert ParseFailed("reason", CloseReason.MESSAGE_TOO_BIG).code == 1009


def test_gunicorn_workers_say_how_they_are():
    """The attributes that we read of gunicorn's workers, and the signals that their methods handle,
    exist."""
    worker = Worker(1, 1, [], None, 30, Config(), None)
    worker.tmp.close()
    settings = ["graceful_timeout", "threads", "worker_connections", "workers"]
    handlers = ["handle_exit", "handle_quit", "handle_abort", "handle_usr1", "handle_winch"]

    assert worker.alive is True
    assert [hasattr(worker.cfg, name) for name in settings] == [True] * 4
    assert [callable(getattr(worker, name)) for name in handlers] == [True] * 5
    assert hasattr(worker, "pid")
    assert {"SIGTERM", "SIGABRT", "SIGWINCH"} <= {one.name for one in worker.SIGNALS}
    assert signal.SIGTERM in worker.SIGNALS
    assert "tpool" in inspect.getsource(ThreadWorker)


GEVENT = """
from gevent import monkey; monkey.patch_all()
import socket, _socket
ours, peer = socket.socketpair()
assert isinstance(ours._sock, _socket.socket), "the socket within"
from gevent.pywsgi import WSGIServer
def app(environ, start_response):
    stream = environ["wsgi.input"]
    sock = getattr(stream, "rfile", stream).raw._sock
    seen.append(isinstance(sock, socket.socket))
    start_response("204 No Content", [])
    return []
seen = []
server = WSGIServer(("127.0.0.1", 0), app, log=None)
server.start()
for upgrade in ("", "Connection: Upgrade\\r\\nUpgrade: websocket\\r\\n"):
    with socket.create_connection(("127.0.0.1", server.server_port)) as client:
        client.sendall(f"GET / HTTP/1.1\\r\\nHost: x\\r\\n{upgrade}\\r\\n".encode())
        client.recv(1000)
server.stop()
assert seen == [True, True], seen
"""


def test_gevent_keeps_the_real_socket_within_its_own():
    """gevent's sockets, and the input of a request to its WSGI server, hold the real socket."""
    subprocess.run([sys.executable, "-c", GEVENT], check=True, timeout=60)


def test_python_has_the_kernels_own_send():
    """The class of sockets beneath Python's own has a send method."""
    one, other = socket.socketpair()
    with one, other:
        assert callable(one.sendmsg)
        assert socket.MSG_DONTWAIT
