"""Measures calls of a small JSON view over sockets, and the same view over HTTP."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

from ..client import frame
from ..http import Http
from ..rivals import naive, ours, socketio
from ..row import NAIVE, OURS, SOCKETIO, Line, Row, at_least, at_most
from ..throughput import answers_and_cpu

MANY = 50


def calls(rival, seconds):
    """Return how many calls are answered in a second: over one socket, and over many."""
    with rival.start() as server:
        return {
            **_figures("one", _over_sockets(server, rival, 1, seconds)),
            **_figures("many", _over_sockets(server, rival, MANY, seconds)),
        }


def calls_and_http(rival, seconds):
    """Return the figures of :func:`calls`, and the same for HTTP connections to the same worker."""
    with rival.start() as server:
        _, headers = rival.addresses(server.port, ["room"])[0]
        return {
            **_figures("one", _over_sockets(server, rival, 1, seconds)),
            **_figures("http one", _over_http(server, dict(headers), 1, seconds)),
            **_figures("many", _over_sockets(server, rival, MANY, seconds)),
            **_figures("http many", _over_http(server, dict(headers), MANY, seconds)),
        }


def rows(scale):
    seconds = 4 * scale.factor
    return [
        Row(
            "calls",
            "Calls of a small JSON view over sockets",
            {
                OURS: partial(calls_and_http, ours(), seconds),
                SOCKETIO: partial(calls, socketio(), seconds),
                NAIVE: partial(calls, naive(), seconds),
            },
            [
                Line(
                    "one",
                    "over one, answers/s; ratio to HTTP keep-alive of the same worker",
                    at_least(0.9, OURS, figure="http one"),
                ),
                Line(
                    "many",
                    f"over {MANY}, answers/s; ratio to HTTP keep-alive of the same worker",
                    at_least(0.9, OURS, figure="http many"),
                ),
                Line(
                    "cpu many",
                    f"over {MANY}, CPU of an answer, µs; ratio to HTTP",
                    at_most(1.0, OURS, figure="cpu http many"),
                ),
            ],
            notes="Flask-SocketIO: events with an acknowledgement; "
            "flask-sock loop: a raw echo, without JSON or a view.",
        )
    ]


def _figures(name, found):
    answers, cpu = found
    return {name: answers, f"cpu {name}": cpu}


def _over_sockets(server, rival, count, seconds):
    with rival.crowd(server.port, ["room"] * count) as crowd:
        crowd.settle()
        question = frame(rival.question().encode())
        askers = [(client, question) for client in crowd.clients]
        return answers_and_cpu(askers, seconds, server.family)


def _over_http(server, headers, count, seconds):
    with ExitStack() as stack:
        connections = [stack.enter_context(Http(server.port)) for _ in range(count)]
        # The requests have the cookie of the sockets, so that the app reads a session here too.
        question = connections[0].question("/json", **headers)
        return answers_and_cpu([(one, question) for one in connections], seconds, server.family)
