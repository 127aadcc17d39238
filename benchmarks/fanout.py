"""One message to many sockets: paced, in bursts, deflated; and what a socket holds in memory."""

from __future__ import annotations

import re
import statistics
import time

from .load import post

CLIENTS = 1000
AT = re.compile(r'\\?"at\\?": ?([0-9.]+)')


def paced(rival, deflate=False, clients=CLIENTS, count=100, interval=0.05):
    """p50 and p99 in ms from push to arrival, and CPU seconds of a million deliveries."""
    with rival.start() as server, rival.crowd(server.port, clients, deflate) as crowd:
        worker = server.worker()
        crowd.settle()
        latencies = []

        def note(client):
            now = time.monotonic()
            latencies.extend(now - float(AT.search(text)[1]) for text in client.texts)
            client.texts.clear()

        for client in crowd.clients:
            client.texts = []
        before = cpu(worker)
        post(server.port, f"/paced/{count}/{interval}")
        crowd.read_until(count, note)
        used = cpu(worker) - before
    latencies.sort()
    return {
        "p50": 1000 * latencies[len(latencies) // 2],
        "p99": 1000 * latencies[len(latencies) * 99 // 100],
        "cpu": used / (clients * count) * 1e6,
    }


def bursts(rival, deflate=False, clients=CLIENTS, count=100, size=150, rounds=5):
    """Deliveries a second, bytes a delivery, and CPU seconds of a million deliveries."""
    with rival.start() as server, rival.crowd(server.port, clients, deflate) as crowd:
        worker = server.worker()
        speeds, used, received = [], [], []
        for _ in range(rounds):
            crowd.settle()
            before, began = cpu(worker), time.monotonic()
            post(server.port, f"/burst/{count}/{size}")
            ended = crowd.read_until(count)
            speeds.append(clients * count / (ended - began))
            used.append((cpu(worker) - before) / (clients * count) * 1e6)
            received.append(crowd.received / (clients * count))
    return {
        "deliveries/s": statistics.median(speeds),
        "cpu": statistics.median(used),
        "bytes": statistics.median(received),
    }


def memory(rival, deflate=False, clients=CLIENTS):
    """KB a socket, idle and after pushes."""
    with rival.start() as server:
        with rival.crowd(server.port, 10, deflate) as crowd:
            post(server.port, "/burst/10/150")
            crowd.read_until(10)
        time.sleep(0.5)
        worker = server.worker()
        before = worker.memory_full_info().uss
        with rival.crowd(server.port, clients, deflate) as crowd:
            time.sleep(2)
            idle = worker.memory_full_info().uss
            crowd.settle()
            for _ in range(5):
                post(server.port, "/burst/20/150")
            crowd.read_until(100)
            time.sleep(2)
            after = worker.memory_full_info().uss
    return {"idle": (idle - before) / clients / 1024, "used": (after - before) / clients / 1024}


def cpu(process):
    times = process.cpu_times()
    return times.user + times.system
