"""Measures the memory of a socket."""

from __future__ import annotations

from functools import partial

from ..http import get
from ..rivals import naive, ours, socketio, websockets
from ..row import NAIVE, OURS, SOCKETIO, WEBSOCKETS, Line, Row, at_most

# After so many idle seconds, threads and buffers that are only kept for a moment are gone.
REST_SECONDS = 1.5


def memory(rival, clients):
    """Return the KB of a socket that offered compression: idle, and after pushes."""
    with rival.start() as server:
        _push(server, rival, 10)
        before = _bytes(server)
        with rival.crowd(server.port, ["room"] * clients, deflate=True) as crowd:
            idle = _bytes(server)
            _push_to(server, crowd)
            used = _bytes(server)
    return {"idle": (idle - before) / clients / 1024, "used": (used - before) / clients / 1024}


def rows(scale):
    clients = scale.of(1000, 10)
    contenders = {
        OURS: ours(),
        NAIVE: naive(),
        WEBSOCKETS: websockets(),
        SOCKETIO: socketio(),
    }
    return [
        Row(
            "memory",
            f"Memory of a socket, of {clients:,}; deflate offered",
            {name: partial(memory, rival, clients) for name, rival in contenders.items()},
            [
                Line("idle", "idle, KB", at_most(24)),
                Line("used", "after 100 pushes, KB", at_most(24)),
            ],
        )
    ]


def _push(server, rival, clients):
    with rival.crowd(server.port, ["room"] * clients, deflate=True) as crowd:
        _push_to(server, crowd)


def _push_to(server, crowd):
    crowd.settle()
    for number in range(5):
        get(server.port, "/burst/20/150/room")
        crowd.read_until(20 * (number + 1))


def _bytes(server):
    server.family.rest(REST_SECONDS)
    return server.family.memory()
