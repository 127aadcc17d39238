"""A pause that lets other threads run."""

import threading

from flask_realtime.threads.pause import let_others_run
from tests.eventually import eventually


def test_others_run_while_one_pauses():
    """A thread works without end, and other threads run in its pauses."""
    is_over, turns = threading.Event(), []

    def work():
        while not is_over.is_set():
            let_others_run()

    working = threading.Thread(target=work)
    working.start()
    other = threading.Thread(target=lambda: turns.append(1))
    other.start()

    assert eventually(lambda: turns)
    is_over.set()
    working.join()
