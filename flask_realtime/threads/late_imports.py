"""What has to be imported before the main thread ends, for threads that go on behind it."""

from __future__ import annotations

import importlib
import sys


def import_what_cannot_be_late() -> None:
    """Import what redis-py needs and Python refuses to import once the main thread has ended.

    ``concurrent.futures.thread`` registers a function of its own with :mod:`threading`, which is an
    error by then: the first push of a thread that consumes a queue, or of an ``atexit`` function,
    would fail. Nothing is imported where gevent is loaded and has yet to patch: the module makes a
    lock at its import, and an unpatched one stops all greenlets.
    """
    monkey = sys.modules.get("gevent.monkey")
    is_patched = monkey is not None and monkey.is_module_patched("threading")
    if is_patched or "gevent" not in sys.modules:
        importlib.import_module("concurrent.futures.thread")
