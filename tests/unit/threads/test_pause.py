"""A pause that lets other threads run."""

import threading

import pytest

from flask_realtime.threads import pause
from flask_realtime.threads.pause import in_pieces, let_others_run
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


@pytest.mark.parametrize(
    ("count", "pieces", "pauses"),
    [
        (0, [], 0),
        (2, [[0, 1]], 0),
        (3, [[0, 1, 2]], 0),
        (7, [[0, 1, 2], [3, 4, 5], [6]], 2),
    ],
)
def test_long_work_goes_in_pieces_with_pauses_between(monkeypatch, count, pieces, pauses):
    """Others run between two pieces, and what is done in one piece makes no pause."""
    made = []
    monkeypatch.setattr(pause, "let_others_run", lambda: made.append(1))

    assert list(in_pieces(range(count), 3)) == pieces
    assert len(made) == pauses
