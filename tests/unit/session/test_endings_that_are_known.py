"""Whether a session had already ended, as far as the registry says so, and how long a request waits
for that."""

import threading

import pytest

from flask_realtime.registries.records import Disconnect, SessionEnd, UserEnd
from flask_realtime.session import end_reports, endings, waiting_ends
from flask_realtime.session.endings import Endings
from flask_realtime.threads import clock
from tests.eventually import DEADLINE, eventually

from .refusing import BAN

END, ORDER = SessionEnd("s"), Disconnect(session="s")


@pytest.fixture
def queue(monkeypatch, registry, here):
    monkeypatch.setattr(endings, "RETRY_SECONDS", 0.01)
    queue = Endings(registry, here)
    yield queue
    queue.close()


@pytest.fixture
def hang(registry, monkeypatch):
    """A function that makes the registry answer to ends of sessions only when the test says so."""
    goes_on, end_session = threading.Event(), registry.end_session

    def end_session_slowly(*end):
        goes_on.wait(DEADLINE)
        return end_session(*end)

    monkeypatch.setattr(registry, "end_session", end_session_slowly)
    yield goes_on
    goes_on.set()


def test_registry_says_whether_a_session_had_ended(queue):
    """The call that records the end also says whether the session had ended before."""
    told = [queue.run([END]), queue.run([END]), queue.run([SessionEnd("other"), END])]

    assert [bool(one) for one in told] == [False, True, True]


@pytest.mark.parametrize("ends", [[END], [SessionEnd("other"), END]])
def test_of_a_registry_that_refuses_nothing_is_known(queue, registry, ends):
    """A registry that refuses to record an end cannot say whether there was an earlier one."""
    registry.refused.add(END)

    assert queue.run(ends) is None


def test_session_that_is_ended_again_and_again_waits_once(queue, registry, monkeypatch):
    """Requests end the same session again and again, each with another successor. One end waits, so
    a copied cookie cannot fill the queue."""
    monkeypatch.setattr(waiting_ends, "MOST_WAITING", 2)
    other, ends = SessionEnd("other"), [SessionEnd("s", "", key) for key in "abcdef"]
    registry.refused.update([other, END, *ends])
    queue.run([other])

    for end in ends:
        assert queue.run([end]) is None
    waits = queue.has_ended("other")
    registry.refused.clear()

    assert waits
    eventually(lambda: END in registry.taken)


def test_message_that_is_told_later_names_its_successor(queue, registry):
    """A message has ended its session, and the registry records that later, with the successor
    whose key the browser may fetch."""
    end = SessionEnd("s", "digest:1", "successor")
    registry.refused.add(end)

    queue.run([end])
    registry.refused.clear()

    eventually(lambda: registry.taken == [end])


def test_while_others_are_refused_nothing_is_known_nor_waited_for(queue, registry):
    """While the registry refuses ends, a request does not wait for an answer, which may take a
    timeout."""
    registry.refused.add(UserEnd("42"))
    queue.run(BAN)
    before = list(registry.tried)

    assert queue.run([END]) is None
    assert END not in before
    eventually(lambda: END in registry.taken)


def test_ends_that_just_wait_for_their_turn_keep_no_other_from_being_told(queue, registry, hang):
    """Somebody else logs out at the same moment. Both requests get their answer of the registry."""
    queue.run_within([SessionEnd("stranger")], 0)

    told = []
    asking = threading.Thread(target=lambda: told.append(queue.run([END])), daemon=True)
    asking.start()
    hang.set()
    asking.join(DEADLINE)

    assert told == [False]


def test_end_that_the_registry_notes_in_time_is_noted(queue, registry):
    """The registry records a log-out before the response is sent."""
    queue.run_within([END], DEADLINE)

    assert registry.taken == [END]


def test_both_requests_that_end_one_session_go_on_once_it_is_noted(queue, registry):
    """A log-out is sent twice while the registry refuses to write. Both requests go on when the
    registry has recorded it."""
    registry.refused.add(END)
    asking = [
        threading.Thread(target=queue.run_within, args=([END], 3600), daemon=True) for _ in range(2)
    ]
    for one in asking:
        tried = len(registry.tried)
        one.start()
        eventually(lambda before=tried: len(registry.tried) > before + 1)
    registry.refused.clear()
    for one in asking:
        one.join(DEADLINE)

    assert [one.is_alive() for one in asking] == [False, False]


def test_nothing_here_waits_for_a_registry_that_hangs(queue, registry, here, hang):
    """The registry hangs. This process closes its sockets, the request continues, and the order to
    other processes follows the end."""
    queue.run_within([END], 0.01)
    queue.run([ORDER])
    done, told = list(here.done), list(registry.taken)
    hang.set()

    assert (done, told) == ([END, ORDER], [])
    eventually(lambda: registry.taken == [END, ORDER])


def test_end_that_the_registry_took_late_is_told_again_with_its_age(queue, registry, monkeypatch):
    """The registry records an end late. The end is sent again with its age, since a later one may
    have been recorded in between."""
    ages, late = [], 20
    monkeypatch.setattr(end_reports, "LATE_END_MS", late)

    def end_session_slowly(session, heir, age, successor):
        ages.append(age)
        began = clock.monotonic()
        eventually(lambda: clock.monotonic() > began + 2 * late / 1000)
        return 0

    monkeypatch.setattr(registry, "end_session", end_session_slowly)

    assert queue.run([END]) == 0
    assert ages[-1] >= late
