"""Memory that the C library keeps for threads."""

import platform
import threading

import psutil
import pytest

from flask_realtime.threads.arenas import give_back_memory

SIZE = 20_000_000


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_memory_that_a_thread_has_freed_is_given_back():
    """What lies below something that is still in use, too."""
    process, kept = psutil.Process(), []

    def work():
        blocks = [b"x" * 100_000 for _ in range(SIZE // 100_000)]
        kept.append(b"y" * 100_000)
        del blocks

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    before = process.memory_info().rss

    give_back_memory()

    assert kept
    assert process.memory_info().rss < before - SIZE / 2


def test_nothing_is_given_back_where_the_c_library_cannot(monkeypatch):
    """Which is no error."""
    monkeypatch.setattr("flask_realtime.threads.arenas._trim", lambda: None)

    give_back_memory()
