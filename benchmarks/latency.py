"""How long messages take until they arrive at the clients of a crowd."""

from __future__ import annotations

import json


def latencies(crowd):
    """Return the milliseconds from each push to each of its deliveries, sorted."""
    return sorted(1000 * (at - pushed) for _, pushed, at in _arrivals(crowd))


def last_deliveries(crowd):
    """Return the milliseconds from each push to its last delivery, sorted."""
    slowest = {}
    for number, pushed, at in _arrivals(crowd):
        slowest[number] = max(slowest.get(number, 0.0), 1000 * (at - pushed))
    return sorted(slowest.values())


def percentile(ordered, percent):
    """Return the value below which *percent* of the *ordered* values lie."""
    return ordered[min(len(ordered) * percent // 100, len(ordered) - 1)]


def _arrivals(crowd):
    for client in crowd.clients:
        for at, text in client.texts():
            message = _message(text)
            yield message["number"], message["at"], at


def _message(text):
    # Frames of Socket.IO begin with a number; frames of flask_realtime have the message as payload.
    data = json.loads(text.lstrip("0123456789"))
    return data[1] if isinstance(data, list) else data.get("payload", data)
