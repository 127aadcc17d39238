"""How long what a crowd has heard was under way."""

from __future__ import annotations

import json


def latencies(crowd):
    """In ms, from each push to each of its deliveries, the shortest first."""
    return sorted(1000 * (at - pushed) for _, pushed, at in _arrivals(crowd))


def last_deliveries(crowd):
    """In ms, from each push to its last delivery, the shortest first."""
    slowest = {}
    for number, pushed, at in _arrivals(crowd):
        slowest[number] = max(slowest.get(number, 0.0), 1000 * (at - pushed))
    return sorted(slowest.values())


def percentile(ordered, percent):
    return ordered[min(len(ordered) * percent // 100, len(ordered) - 1)]


def _arrivals(crowd):
    for client in crowd.clients:
        for at, text in client.texts():
            message = _message(text)
            yield message["number"], message["at"], at


def _message(text):
    # Socket.IO's frames begin with a number, and ours wrap the message.
    data = json.loads(text.lstrip("0123456789"))
    return data[1] if isinstance(data, list) else data.get("payload", data)
