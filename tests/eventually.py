"""Waiting for what nobody announces."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


def eventually(
    is_so: Callable[[], Result], seconds: float = 10.0, explain: Callable[[], object] = lambda: ""
) -> Result:
    """Ask again and again until *is_so*; its result."""
    deadline, pause = time.monotonic() + seconds, threading.Event()
    while not (result := is_so()):
        assert time.monotonic() < deadline, f"Not so within {seconds} s. {explain()}"
        pause.wait(0.02)
    return result
