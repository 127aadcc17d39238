"""A process that cannot start another thread."""

import threading
from contextlib import contextmanager

import pytest


@contextmanager
def no_thread_to_be_had():
    """Have every attempt to start a thread fail inside the ``with`` block."""

    def refuse(thread):
        raise RuntimeError("can't start new thread")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        yield
