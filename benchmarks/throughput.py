"""How many questions a server answers in a second, on connections that always ask again."""

from __future__ import annotations

import gc
import selectors
import time

# Seconds in which caches fill and threads start; answers in this time are not counted.
WARM_UP_SECONDS = 0.3


def answers_a_second(askers, seconds):
    """Return how many questions a server answers in a second.

    :param askers: pairs of a connection and the bytes of its question. A connection has ``sock``,
        and ``read()``, which returns the number of answers that have come.
    :param seconds: how long to measure.
    """
    answers, elapsed, _ = _measure(askers, seconds, lambda: 0)
    return answers / elapsed


def answers_and_cpu(askers, seconds, family):
    """Return how many questions a server answers in a second, and what an answer costs it.

    The cost hardly depends on what else the machine does meanwhile.

    :param askers: see :func:`answers_a_second`.
    :param seconds: how long to measure.
    :param family: the server's processes.
    :returns: the answers in a second, and the CPU time of one in microseconds.
    """
    answers, elapsed, cpu = _measure(askers, seconds, family.cpu)
    return answers / elapsed, 1e6 * cpu / answers


def _measure(askers, seconds, cpu):
    with selectors.DefaultSelector() as selector:
        for connection, question in askers:
            selector.register(connection.sock, selectors.EVENT_READ, (connection, question))
            connection.sock.sendall(question)
        _ask_for(selector, WARM_UP_SECONDS)
        gc.collect()
        gc.disable()
        before = cpu()
        try:
            answers, elapsed = _ask_for(selector, seconds)
            return answers, elapsed, cpu() - before
        finally:
            gc.enable()


def _ask_for(selector, seconds):
    answers, began = 0, time.monotonic()
    while (elapsed := time.monotonic() - began) < seconds:
        for key, _ in selector.select(5):
            connection, question = key.data
            found = connection.read()
            if found:
                answers += found
                connection.sock.sendall(question * found)
    return answers, elapsed
