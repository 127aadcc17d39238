"""Measures pushes of one message to many sockets: paced, and in bursts."""

from __future__ import annotations

import statistics
import time
from functools import partial

from ..http import get
from ..latency import latencies, percentile
from ..rivals import channels, naive, prepared, socketio, websockets
from ..rivals import ours as our
from ..row import CHANNELS, NAIVE, OURS, SOCKETIO, WEBSOCKETS, Line, Row, at_least, at_most

DEFLATED = f"{OURS}, deflate offered"
PREPARED = "prepared frames"
CHANNEL = "room"


def paced(rival, clients, count, interval=0.05, deflate=False):
    """Push a message every *interval* seconds.

    :returns: p50 and p99 of the ms from push to arrival, and the CPU seconds of a million
        deliveries.
    """
    with (
        rival.start() as server,
        rival.crowd(server.port, [CHANNEL] * clients, deflate) as crowd,
    ):
        crowd.note_times()
        get(server.port, f"/paced/10/{interval}/{CHANNEL}")
        crowd.read_until(10)
        server.family.rest()
        crowd.settle()
        before = server.family.cpu()
        get(server.port, f"/paced/{count}/{interval}/{CHANNEL}")
        crowd.read_until(count)
        used = server.family.cpu() - before
        seen = latencies(crowd)
    return {
        "p50": percentile(seen, 50),
        "p99": percentile(seen, 99),
        "cpu": used / (clients * count) * 1e6,
    }


def bursts(rival, clients, count, size=150, deflate=False, repeats=3):
    """Push messages as fast as possible, several times.

    :returns: deliveries in a second, bytes of a delivery, the CPU seconds of a million deliveries,
        and the percentage of its core that the load client used.
    """
    with (
        rival.start() as server,
        rival.crowd(server.port, [CHANNEL] * clients, deflate) as crowd,
    ):
        seen = [_burst(server, crowd, count, size) for _ in range(repeats + 1)][1:]
    return {figure: statistics.median(one[figure] for one in seen) for figure in seen[0]}


def rows(scale):
    clients = scale.of(1000, 4)
    return [_paced(clients, scale.of(100, 5)), _bursts(clients, scale.of(100, 5))]


def _burst(server, crowd, count, size):
    crowd.settle()
    server.family.rest()
    deliveries = len(crowd.clients) * count
    before, own, began = server.family.cpu(), time.process_time(), time.monotonic()
    get(server.port, f"/burst/{count}/{size}/{CHANNEL}")
    seconds = crowd.read_until(count) - began
    own = time.process_time() - own
    server.family.rest()
    return {
        "speed": deliveries / seconds,
        "cpu": (server.family.cpu() - before) / deliveries * 1e6,
        "bytes": crowd.received / deliveries,
        "client": 100 * own / seconds,
    }


def _contenders(run):
    return {
        OURS: partial(run, our()),
        DEFLATED: partial(run, our(), deflate=True),
        NAIVE: partial(run, naive()),
        f"{NAIVE}, deflate offered": partial(run, naive(), deflate=True),
        WEBSOCKETS: partial(run, websockets()),
        SOCKETIO: partial(run, socketio()),
    }


def _paced(clients, count):
    run = partial(paced, clients=clients, count=count)
    return Row(
        "paced",
        f"A message every 50 ms to {clients:,} clients",
        {**_contenders(run), PREPARED: partial(run, prepared())},
        [
            Line("p50", "p50 latency, ms", at_most(0.5, NAIVE)),
            Line("p50", "p50 latency, deflate offered, ms", at_most(0.5, NAIVE), DEFLATED),
            Line("p99", "p99 latency, ms", at_most(0.5, NAIVE)),
            Line("p99", "p99 latency, deflate offered, ms", at_most(0.5, NAIVE), DEFLATED),
            Line("cpu", "CPU, s a million deliveries", at_most(0.5, NAIVE)),
            Line("cpu", "CPU, deflate offered", at_most(0.5, NAIVE), DEFLATED),
        ],
        notes="“prepared frames” is no server, but a process that writes to one socket after the "
        "other: what the kernel takes.",
    )


def _bursts(clients, count):
    run = partial(bursts, clients=clients, count=count)
    return Row(
        "bursts",
        f"Bursts of {count} messages to {clients:,} clients",
        {
            **_contenders(run),
            # Fewer messages: the layer in memory takes 100 times as long for each of them.
            CHANNELS: partial(run, channels(), count=max(1, count // 20)),
            PREPARED: partial(run, prepared()),
        },
        [
            Line("speed", "deliveries/s", at_least(20, NAIVE)),
            Line("speed", "deliveries/s, deflate offered", at_least(20, NAIVE), DEFLATED),
            Line("cpu", "CPU, s a million deliveries"),
            Line("client", "of its core, what the load client used, %"),
        ],
        notes="“prepared frames” is no server, but a process that only writes: "
        "what the load client can read.",
    )
