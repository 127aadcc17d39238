"""Measures the latency of a view: a process of its own requests it every few milliseconds."""

from __future__ import annotations

import json
import selectors
import subprocess
import sys
import time

from .http import Http
from .latency import percentile
from .timestamps import note_times, receive

SECONDS_BETWEEN = 0.005
# How many connections are open from the start. More are opened if all of them wait for answers.
CONNECTIONS = 40


class Prober:
    """Requests the view ``/json`` during a with block.

    :param port: the port of the server.
    """

    def __init__(self, port):
        self._port = port
        self._latencies = []

    def __enter__(self):
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(self._port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._process.stdout.readline()
        return self

    def __exit__(self, *exc_info):
        output, _ = self._process.communicate()
        self._latencies = sorted(json.loads(output))

    def percentile(self, percent):
        """Return the milliseconds within which *percent* of all requests were answered."""
        return 1000 * percentile(self._latencies, percent)


def ask(port, selector):
    """Make requests until standard input ends; return all latencies in seconds."""
    latencies, idle, asked = [], [], {}
    question = Http(port).question("/json")

    def open_one():
        http = Http(port)
        note_times(http.sock)
        selector.register(http.sock, selectors.EVENT_READ)
        idle.append(http.sock)

    for _ in range(CONNECTIONS):
        open_one()
    selector.register(sys.stdin, selectors.EVENT_READ)
    print("ready", flush=True)
    due = time.monotonic()
    while True:
        for key, _ in selector.select(max(0, due - time.monotonic())):
            if key.fileobj is sys.stdin:
                return latencies
            _, at = receive(key.fileobj, 65536)
            latencies.append(at - asked[key.fileobj])
            idle.append(key.fileobj)
        if time.monotonic() >= due:
            due += SECONDS_BETWEEN
            if not idle:
                open_one()
            sock = idle.pop(0)
            asked[sock] = time.time()
            sock.sendall(question)


if __name__ == "__main__":
    with selectors.DefaultSelector() as selector:
        print(json.dumps(ask(int(sys.argv[1]), selector)))
