"""Ends of sessions and users that wait until the registry records them."""

import logging
import threading

import pytest

from flask_realtime.errors import CloseCode
from flask_realtime.registries.records import Disconnect, SessionEnd, UserEnd
from flask_realtime.session import end_reports
from flask_realtime.threads import clock
from tests.eventually import DEADLINE, eventually

from .refusing import BAN


@pytest.mark.parametrize(
    ("heir", "asker", "has_ended"),
    [("", "", True), ("", "digest:1", True), ("digest:1", "digest:1", False)],
)
def test_session_whose_end_waits_has_ended(queue, registry, heir, asker, has_ended):
    """While its end waits, a session has ended for all but the message that has ended it."""
    end = SessionEnd("s", heir)
    registry.refused.add(end)

    queue.run([end])
    found = queue.has_ended("s", asker)
    registry.refused.clear()

    assert found is has_ended
    assert not queue.has_ended("another")
    eventually(lambda: not queue.has_ended("s"))


def test_ban_is_pending_while_the_registry_is_told(queue, registry, monkeypatch):
    """A ban's connection to Redis hangs. Meanwhile the ban counts in this process, since another
    connection could admit a page of the user."""
    pending, end_user = [], registry.end_user

    def end_user_meanwhile(user, *more):
        pending.append(queue.is_pending(user))
        end_user(user, *more)

    monkeypatch.setattr(registry, "end_user", end_user_meanwhile)

    queue.run(BAN)

    assert pending == [True]
    assert not queue.is_pending("42")


class Cut(BaseException):
    """An exception that ends a greenlet, as gevent.Timeout and GreenletExit do."""


def test_ban_by_a_request_that_is_cut_off_is_carried_out(queue, registry, monkeypatch):
    """A timeout ends a request while its ban waits for Redis. The ban is carried out."""
    end_user, cut = registry.end_user, [Cut()]

    def end_user_slowly(user, *more):
        if cut:
            raise cut.pop()
        end_user(user, *more)

    monkeypatch.setattr(registry, "end_user", end_user_slowly)

    with pytest.raises(Cut):
        queue.run(BAN)

    eventually(lambda: registry.taken == BAN)


def test_end_waits_though_no_thread_can_be_started(queue, registry, monkeypatch, caplog):
    """No thread can be started during a log-out, which does not fail. Its end is sent once a thread
    can be started."""
    registry.refused.update(BAN)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", no_thread)
        queue.run(BAN)
    registry.refused.clear()

    queue.run([SessionEnd("s")])

    eventually(lambda: registry.taken == [*BAN, SessionEnd("s")])
    assert "no thread can be started" in caplog.text


def no_thread(_thread):
    raise RuntimeError("can't start new thread")


def test_end_that_is_asked_for_again_waits_once(queue, registry):
    """A visitor logs out again and again while Redis is down. One end waits."""
    ends = [SessionEnd("s"), Disconnect(session="s")]
    registry.refused.update(ends)

    for _ in range(100):
        queue.run(ends)
    registry.refused.clear()
    queue.run([UserEnd("last")])

    eventually(lambda: not (queue.has_ended("s") or queue.is_pending("last")))
    eventually(lambda: ends[1] in registry.taken)
    # The end that was being sent when it was last asked for may be sent twice.
    assert registry.taken.count(ends[0]) <= 2


def test_ban_that_is_repeated_is_told_again_while_the_first_waits(queue, registry):
    """A ban is repeated while the first one waits. Other processes get the order again, since a
    page may have reconnected."""
    end, order = BAN
    registry.refused.add(end)
    queue.run(BAN)
    eventually(lambda: registry.taken == [order])

    queue.run(BAN)

    eventually(lambda: registry.taken == [order, order])


def test_new_end_waits_for_none_of_those_that_are_refused(queue, registry, monkeypatch):
    """Each refused end may take a timeout at each try. A new end does not wait for them."""
    old = [UserEnd(str(number)) for number in range(20)]
    registry.refused.update(old)
    queue.run(old)
    eventually(lambda: registry.tried.count(old[-1]) > 1)
    begun, goes_on = threading.Event(), threading.Event()
    end_user = registry.end_user

    def end_user_slowly(user, *more):
        if user == "0":
            begun.set()
            goes_on.wait(DEADLINE)
        end_user(user, *more)

    monkeypatch.setattr(registry, "end_user", end_user_slowly)
    assert begun.wait(DEADLINE)
    registry.tried.clear()
    queue.run([SessionEnd("s")])
    goes_on.set()

    eventually(lambda: registry.taken == [SessionEnd("s")])
    assert registry.tried.index(SessionEnd("s")) == 1


def test_process_that_ends_tries_no_more(queue, registry, monkeypatch):
    """A process that stops does not try the waiting ends again, each of which could take a timeout
    of Redis."""
    ends = [UserEnd(str(number)) for number in range(20)]
    registry.refused.update(ends)
    end_user = registry.end_user

    tellers = []

    def close_and_end_user(user, *more):
        if threading.current_thread() is not threading.main_thread():
            tellers.append(threading.current_thread())
            queue.close()
        end_user(user, *more)

    monkeypatch.setattr(registry, "end_user", close_and_end_user)

    queue.run(ends)
    eventually(lambda: tellers)
    tellers[0].join(DEADLINE)

    # Once by the caller, and once in the background.
    assert registry.tried == ends[:1] * 2


def test_stray_error_does_not_end_the_retries(queue, registry, caplog):
    """An unexpected error, of the app's log filter for example, does not end the background
    thread."""
    failed = threading.Event()

    def fail_once(record):
        if record.levelno == logging.DEBUG and not failed.is_set():
            failed.set()
            raise ValueError("A fault of the app's log.")
        return True

    caplog.set_level(logging.DEBUG, end_reports.__name__)
    registry.refused.update(BAN)
    end_reports.logger.addFilter(fail_once)
    try:
        queue.run(BAN)
        assert failed.wait(DEADLINE)
    finally:
        end_reports.logger.removeFilter(fail_once)
    registry.refused.clear()

    eventually(lambda: not queue.is_pending("42"))


def test_ban_that_is_told_late_ends_what_was_there_at_its_time(queue, registry, monkeypatch):
    """A ban reaches the registry late. Sockets of that time close; pages that a later log-in has
    opened stay."""
    registry.refused.update(BAN)
    queue.run(BAN)
    monkeypatch.setattr(end_reports, "LATE_MS", 0)
    later = clock.monotonic() + 3600
    monkeypatch.setattr(clock, "monotonic", lambda: later)

    registry.refused.clear()
    queue.run([SessionEnd("s"), Disconnect(session="s")])

    eventually(lambda: not queue.is_pending("42"))
    come_back = Disconnect(user="42", code=CloseCode.SERVICE_RESTART)
    eventually(lambda: come_back in registry.taken)
    assert Disconnect(user="42") not in registry.taken
    assert 3_600_000 <= max(registry.ages) < 4_000_000
    # Nobody logs in to a session that has ended.
    assert Disconnect(session="s") in registry.taken


def test_page_that_was_disconnected_is_told_late_to_come_back(queue, registry, monkeypatch):
    """A visitor's pages are disconnected while Redis is down. Later the registry tells the other
    processes to have those pages reconnect, not to close them for good, since the visitor may have
    opened them again."""
    closed = Disconnect(digest="d" * 64)
    registry.refused.add(closed)
    queue.run([closed])
    monkeypatch.setattr(end_reports, "LATE_MS", 0)
    later = clock.monotonic() + 3600
    monkeypatch.setattr(clock, "monotonic", lambda: later)

    registry.refused.clear()
    queue.run([SessionEnd("s")])

    come_back = Disconnect(digest="d" * 64, code=CloseCode.SERVICE_RESTART)
    eventually(lambda: come_back in registry.taken)
    assert closed not in registry.taken
