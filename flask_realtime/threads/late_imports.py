"""Imports what Python refuses to import once the main thread has ended."""

from __future__ import annotations

import importlib
import sys


def import_what_cannot_be_late() -> None:
    """Import ``concurrent.futures.thread``, which redis-py needs, before the main thread ends.

    At its import the module registers a function with :mod:`threading`, which is an error once the
    main thread has ended: the first push of a thread that goes on behind it, or of an ``atexit``
    function, would fail. Nothing is imported if gevent is loaded and has not patched yet: the
    module makes a lock at its import, and an unpatched lock stops all greenlets.
    """
    monkey = sys.modules.get("gevent.monkey")
    is_patched = monkey is not None and monkey.is_module_patched("threading")
    if is_patched or "gevent" not in sys.modules:
        importlib.import_module("concurrent.futures.thread")
