"""Measures a view while sockets give the server as much work as its limits allow."""

from __future__ import annotations

import json
import select
import threading
import time
import zlib
from functools import partial
from typing import NamedTuple

from flask_realtime.connection.limits import tokens_for

from ..client import frame
from ..prober import Prober
from ..rivals import Ours
from ..row import OURS, Line, Row, at_most
from ..servers import gunicorn, threads

SOCKETS = 64
# Each socket has a thread of gunicorn's gthread worker; so many more are for requests.
SPARE_THREADS = 100
# The limit of messages in a second that the README's table of settings has.
A_SECOND = 100
# The 99th percentile of the view may double, or grow by so many ms if that is more.
MORE_MS = 50.0

# The messages reach no code of the app: it has no handler for their actions.
START = '{"id": "1", "action": "none", "data": '
TEXT = START + json.dumps("x" * 250_000) + "}"
LISTS = START + "[" + "[]," * 80_000 + "0]}"
PING = '{"id": "1", "action": "ping"}'
# The app has opened no view to calls.
CALL = '{"id": "1", "action": "call-route", "uri": "/json%s"}'
PATH = CALL % ("/a" * 450)
QUERY = CALL % ("?" + "a=1&" * 60_000)

# The reply to a ping of the WebSocket protocol, without a payload.
PONG = b"\x8a\x00"


class Kind(NamedTuple):
    """What the sockets send.

    :param what: the name of it in the table.
    :param data: the bytes of one message.
    :param tokens: how many small messages it counts as.
    :param status: the status of its reply; None: the reply is a pong.
    """

    what: str
    data: bytes
    tokens: int
    status: int | None

    @classmethod
    def plain(cls, what, text, status):
        return cls(what, frame(text.encode()), tokens_for(text.encode()), status)

    @classmethod
    def deflated(cls, what, text, status):
        return cls(what, _deflated(text), tokens_for(text.encode()), status)

    @classmethod
    def in_pieces(cls, what, text, status):
        """Each byte of the message has a frame of its own, which counts as a message."""
        data = text.encode()
        frames = [frame(data[i : i + 1], 0x00 if i else 0x01) for i in range(len(data) - 1)]
        return cls(what, b"".join([*frames, frame(data[-1:], 0x80)]), len(data), status)


def _deflated(text):
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    payload = compressor.compress(text.encode()) + compressor.flush(zlib.Z_SYNC_FLUSH)
    return frame(payload[:-4], 0xC1)


KINDS = {
    "deflated": Kind.deflated("deflated texts of 250 KB", TEXT, 404),
    "bombs": Kind.deflated("deflated lists of 80,000 lists", LISTS, 404),
    "floods": Kind.plain("small messages", PING, 200),
    "pings": Kind("pings of the WebSocket protocol", frame(b"", 0x89), 1, None),
    "pieces": Kind.in_pieces("messages in frames of one byte", PING, 200),
    "refused": Kind.plain("small calls of a closed route", CALL % "", 421),
    "paths": Kind.plain("calls of paths of 450 parts", PATH, 421),
    "queries": Kind.deflated("calls of a closed route with deflated queries of 240 KB", QUERY, 421),
}


def besieged(command, seconds):
    """Return 99th percentiles of a view in ms.

    ``idle`` is that while the sockets are idle, ``allowed`` the goal that follows from it; the
    others are those while the sockets send, by the names of :data:`KINDS`.

    :param command: the command of the server.
    :param seconds: how long to measure each figure.
    """
    rival = Ours(
        command,
        REALTIME_REGISTRY='"memory"',
        REALTIME_MAX_MESSAGES_PER_SECOND=str(A_SECOND),
        REALTIME_ALLOW_CALLS="null",
    )
    figures = {}
    for name, kind in KINDS.items():
        with rival.start() as server, rival.crowd(server.port, ["room"] * SOCKETS, True) as crowd:
            crowd.settle()
            idle = _percentile(server.port, seconds)
            _check(crowd.clients[0], kind)
            with Siege(crowd.clients, kind.data, A_SECOND / kind.tokens):
                figures[name] = _percentile(server.port, seconds)
            figures["idle"] = max(idle, figures.get("idle", 0.0))
    figures["allowed"] = max(2 * figures["idle"], figures["idle"] + MORE_MS)
    return figures


class Siege:
    """Lets clients send frames during a with block, and reads what they receive.

    :param clients: the clients.
    :param data: the bytes that they send.
    :param rate: how many times a second each client sends them.
    """

    def __init__(self, clients, data, rate):
        self._sockets = [client.sock for client in clients]
        self._data = data
        self._pause = 1 / rate
        self._is_over = threading.Event()
        sending = [partial(self._send, number) for number in range(len(clients))]
        self._threads = [threading.Thread(target=run) for run in (self._read, *sending)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()

    def __exit__(self, *exc_info):
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def _send(self, number):
        # The clients begin at different moments.
        due = time.monotonic() + self._pause * number / len(self._sockets)
        while not self._is_over.wait(max(0.0, due - time.monotonic())):
            # A client that was delayed does not send more to make up for it.
            due = max(due + self._pause, time.monotonic())
            self._sockets[number].sendall(self._data)

    def _read(self):
        while not self._is_over.is_set():
            readable, _, _ = select.select(self._sockets, [], [], 0.05)
            for sock in readable:
                if not sock.recv(65536):
                    raise ConnectionError("The server has closed a socket.")


def rows(scale):
    title = f"A view while {SOCKETS} sockets do their worst within the limits"
    return [
        _row("hostile", title, gunicorn("ours:app"), scale),
        _row(
            "hostile-threads",
            f"{title}, on gunicorn's gthread worker",
            threads("ours:app", SOCKETS + SPARE_THREADS),
            scale,
        ),
    ]


def _row(name, title, command, scale):
    allowed = partial(at_most, 1, OURS, figure="allowed")
    return Row(
        name,
        title,
        {OURS: partial(besieged, command, 10 * scale.factor)},
        [
            Line("idle", "the sockets are idle: 99 % of the answers within, ms"),
            *(
                Line(name, f"they send {kind.what}; ratio to what is allowed, ms", allowed())
                for name, kind in KINDS.items()
            ),
        ],
        notes=f"Allowed is twice the figure of idle sockets, or {MORE_MS:g} ms more.",
    )


def _check(client, kind):
    """Raise an error unless the server answers a message as it is to answer those of the siege."""
    client.sock.sendall(kind.data)
    if kind.status is None:
        data = client.sock.recv(65536)
        if data != PONG:
            raise RuntimeError(f"This is no pong: {data[:300]!r}")
        return
    reply = json.loads(client.next_text())
    if reply["status"] != kind.status:
        raise RuntimeError(f"The status is {reply['status']} and not {kind.status}: {reply}")


def _percentile(port, seconds):
    with Prober(port) as prober:
        time.sleep(seconds)
    return prober.percentile(99)
