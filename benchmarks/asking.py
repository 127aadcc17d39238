"""Questions and answers: each connection asks again as soon as it was answered."""

from __future__ import annotations

import gc
import selectors
import time

# Until caches are warm and threads have started.
WARM_UP_SECONDS = 0.3


def answers_a_second(askers, seconds):
    """How many questions a server answers a second.

    :param askers: pairs of a connection (with ``sock``, and ``read()``, the number of answers that
        have come) and the bytes of its question.
    """
    with selectors.DefaultSelector() as selector:
        for connection, question in askers:
            selector.register(connection.sock, selectors.EVENT_READ, (connection, question))
            connection.sock.sendall(question)
        _ask_for(selector, WARM_UP_SECONDS)
        gc.collect()
        gc.disable()
        try:
            return _ask_for(selector, seconds)
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
    return answers / elapsed
