"""Runs Autobahn's fuzzing client against the transport: ``python -m tests.faults.autobahn``.

Autobahn's cases expect an echo, so that this module has a receiver that sends each message back.
Everything below the receiver (handshake, adapter, protocol, frame reader, outbox) is the package's.
This needs Python 2.7 and ``pip install autobahntestsuite``; the first argument is the command that
runs ``wstest``.
"""

from __future__ import annotations

import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile
import threading

from flask import Flask, request
from werkzeug.serving import make_server

from flask_realtime.config.settings import Config
from flask_realtime.connection.beginning import Shared
from flask_realtime.connection.connection import Connection
from flask_realtime.threads.pool import ThreadPool
from flask_realtime.transport.handshake import Handshake, check_headers
from flask_realtime.transport.response import SocketResponse
from flask_realtime.transport.servers import client_socket
from flask_realtime.writing.fd import descriptor_for
from flask_realtime.writing.flusher import Flusher
from flask_realtime.writing.frames import text_frame
from tests.frames import client_frame

# Left out are 9.*, whose messages are larger than is allowed here, and most of 12.* and 13.*, which
# send thousands of compressed messages each.
CASES = ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "10.*", "12.1.*", "12.2.*", "13.1.*"]
MOST = 1024 * 1024


class Echo:
    """A connection's receiver, which sends each message back."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def opened(self) -> None:
        """Do nothing when the socket opens."""

    def takes_frame(self) -> bool:
        return True

    def received(self, message: str | bytes) -> None:
        if isinstance(message, str):
            frame = text_frame(message)
            self._connection.write(self._connection.outbox.encoded(frame))
        else:
            self._connection.write(client_frame(message, 0x82, mask=None))

    def closed(self) -> None:
        """Do nothing when the socket closes."""


def make_app() -> Flask:
    app, config = Flask(__name__), Config(max_message_bytes=MOST, max_backlog_bytes=64 * MOST)
    shared = Shared(Flusher(), ThreadPool(), config, detach=lambda _: {})

    def admit(handshake: Handshake) -> Connection:
        connection = Connection(handshake, shared, "1", "d" * 64)
        connection.receiver = Echo(connection)
        return connection

    @app.get("/", websocket=True)
    def socket() -> SocketResponse:
        check_headers(request.method, request.environ)
        descriptor = descriptor_for(client_socket(request.environ))
        return SocketResponse(Handshake(request, descriptor, "", ""), admit, MOST)

    return app


def run(command: list[str], cases: list[str]) -> dict[str, dict[str, str]]:
    """Run the cases, and return Autobahn's results by case.

    :param command: the command that runs ``wstest``.
    :param cases: patterns of the cases.
    """
    server = make_server("127.0.0.1", 0, make_app(), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        spec = {
            "outdir": folder,
            "servers": [{"agent": "ours", "url": f"ws://127.0.0.1:{server.server_port}/"}],
            "cases": cases,
            "exclude-cases": [],
            "exclude-agent-cases": {},
        }
        path = pathlib.Path(folder) / "spec.json"
        path.write_text(json.dumps(spec))
        subprocess.run([*command, "-m", "fuzzingclient", "-s", str(path)], check=True)
        return json.loads((pathlib.Path(folder) / "index.json").read_text())["ours"]


def main() -> None:
    command = shlex.split(sys.argv[1] if len(sys.argv) > 1 else os.environ["WSTEST"])
    results = run(command, sys.argv[2:] or CASES)
    wrong = {
        case: (one["behavior"], one["behaviorClose"])
        for case, one in results.items()
        if {one["behavior"], one["behaviorClose"]} - {"OK", "INFORMATIONAL", "NON-STRICT"}
    }
    print(f"{len(results)} cases, {len(wrong)} wrong: {wrong}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
