"""Memory that the C library keeps for threads is given back to the system."""

import platform
import threading

import psutil
import pytest

from flask_realtime.threads.arenas import SHARE_OF_TIME, FreeMemory

SIZE = 20_000_000


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_memory_that_a_thread_has_freed_is_given_back():
    """Freed memory is given back, also below memory that is still in use."""
    process, kept = psutil.Process(), []

    def work():
        blocks = [b"x" * 100_000 for _ in range(SIZE // 100_000)]
        kept.append(b"y" * 100_000)
        del blocks

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    before = process.memory_info().rss

    FreeMemory().give_back()

    assert kept
    assert process.memory_info().rss < before - SIZE / 2


def test_nothing_is_given_back_where_the_c_library_cannot(monkeypatch):
    """On a C library without that function nothing happens, without an error."""
    monkeypatch.setattr("flask_realtime.threads.arenas._trim", lambda: None)

    FreeMemory().give_back()


def test_giving_back_takes_little_of_the_time(clock, monkeypatch):
    """Giving memory back may take long, and nobody else runs meanwhile. In that case it is not done
    after each large reply."""
    given, seconds, began = [], 0.05, clock.now

    def trim(pad):
        clock.now += seconds
        clock.worked += seconds
        given.append(clock.now)

    monkeypatch.setattr("flask_realtime.threads.arenas._trim", lambda: trim)
    memory = FreeMemory()

    for _ in range(100):
        memory.give_back()
        clock.now += seconds

    assert len(given) > 1
    assert len(given) * seconds < 1.5 * SHARE_OF_TIME * (clock.now - began)


def test_waiting_for_other_threads_is_no_giving_back(clock, monkeypatch):
    """Where many threads make large replies, the thread that gives memory back waits for the others
    too. The memory is given back behind each reply all the same."""
    given = []

    def trim(pad):
        clock.now += 1
        clock.worked += 0.001
        given.append(clock.now)

    monkeypatch.setattr("flask_realtime.threads.arenas._trim", lambda: trim)
    memory = FreeMemory()

    for _ in range(10):
        memory.give_back()
        clock.now += 0.1

    assert len(given) == 10
