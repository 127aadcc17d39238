"""Ends that wait for the registry take turns: bans come first, and strangers cannot push any
out."""

import threading

import pytest

from flask_realtime.errors import CloseCode
from flask_realtime.registries.records import Disconnect, SessionEnd, UserEnd
from flask_realtime.session import endings, waiting_ends
from flask_realtime.session.endings import Endings
from flask_realtime.session.waiting_ends import WaitingEnd, WaitingEnds, without_leaves
from flask_realtime.threads import clock
from tests.eventually import DEADLINE, eventually

from .refusing import BAN

STRANGERS = [[SessionEnd(str(number)), Disconnect(session=str(number))] for number in range(30)]
LEAVES = [[UserEnd("flooder", str(number))] for number in range(30)]


def test_oldest_are_dropped_when_too_many_wait(queue, registry, monkeypatch, caplog):
    """The log tells of it; those that came last are told."""
    monkeypatch.setattr(endings, "RETRY_SECONDS", 3600)
    monkeypatch.setattr(waiting_ends, "MOST_WAITING", 10)
    ends = [SessionEnd(str(number)) for number in range(11)]
    registry.refused.update(ends)

    for end in ends:
        queue.run([end])
    waiting = [end for end in ends if queue.has_ended(end.session)]

    assert waiting == ends[1:]
    assert "will not reach other processes" in caplog.text


def test_one_user_pushes_out_no_other(queue, registry, monkeypatch):
    """One user leaves rooms again and again while Redis is down. Earlier removals of other users
    are still sent."""
    monkeypatch.setattr(waiting_ends, "MOST_WAITING", 10)
    kick = UserEnd("kicked", "room")
    registry.refused.update([kick], *LEAVES)

    for ends in ([kick], *LEAVES):
        queue.run(ends)
    registry.refused.clear()

    eventually(lambda: not (queue.is_pending("kicked") or queue.is_pending("flooder")))
    assert kick in registry.taken
    assert UserEnd("kicked") not in registry.taken


def test_user_who_leaves_too_many_channels_comes_back_to_none_of_them(registry, here, monkeypatch):
    """A user who was removed from a room leaves very many rooms, so that the removal cannot be
    remembered. All of the user's present pages end instead."""
    monkeypatch.setattr(endings, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(endings, "MOST_LEFT_BY_USER", 20)
    queue = Endings(registry, here)
    kick = UserEnd("flooder", "room")
    registry.refused.update([kick], *LEAVES)

    for ends in ([kick], *LEAVES):
        queue.run(ends)
    registry.refused.clear()

    come_back = Disconnect(user="flooder", code=CloseCode.SERVICE_RESTART)
    eventually(lambda: come_back in registry.taken)
    assert registry.taken.index(UserEnd("flooder")) < registry.taken.index(come_back)
    assert kick not in registry.taken
    queue.close()


def test_ban_keeps_its_time_when_pages_end_for_other_reasons():
    """A user's pages end for another reason after a ban. The ban keeps its time, so a page from in
    between cannot connect."""
    ban, leave = WaitingEnd(UserEnd("42")), WaitingEnd(UserEnd("42", "room"), 0.0)
    waiting = WaitingEnds()
    waiting.add(ban)

    for one in without_leaves([leave])[0]:
        waiting.add(one)

    assert [one.moment for one in waiting.next(is_new=True)] == [ban.moment, 0.0]


def test_session_that_is_ended_again_has_ended_at_its_first_end():
    """A thief with a copied cookie ends the session once more while Redis is down. What another
    process has put in the place of the session in between goes by the first end."""
    waiting = WaitingEnds()
    for moment in (1.0, 2.0):
        waiting.add(WaitingEnd(SessionEnd("5" * 32), moment))

    assert [one.moment for one in waiting.next(is_new=True)] == [1.0]


def test_user_who_is_banned_again_is_banned_at_the_last_time():
    """Of several bans the latest counts, which ends pages that were opened between them too."""
    waiting = WaitingEnds()
    for moment in (2.0, 1.0, 3.0):
        waiting.add(WaitingEnd(UserEnd("42"), moment))

    assert [one.moment for one in waiting.next(is_new=True)] == [3.0]


@pytest.mark.parametrize("flood", [STRANGERS, LEAVES], ids=["strangers", "leaves"])
def test_ban_is_told_however_many_strangers_log_out_meanwhile(queue, registry, monkeypatch, flood):
    """Strangers log out, or leave rooms, in great numbers while Redis is down. A ban still reaches
    the registry."""
    monkeypatch.setattr(waiting_ends, "MOST_WAITING", 10)
    registry.refused.update(BAN, *flood)

    queue.run(BAN)
    for ends in flood:
        queue.run(ends)
    registry.refused.clear()

    eventually(lambda: not queue.is_pending("42"))
    assert BAN[0] in registry.taken


def test_of_many_log_outs_one_is_tried_between_two_tries_of_a_ban(queue, registry):
    """While Redis refuses everything, one log-out is tried between two tries of a ban. A ban is
    sent first when Redis is back."""
    registry.refused.update(BAN[:1], *STRANGERS)
    for ends in STRANGERS:
        queue.run(ends)
    queue.run(BAN)
    eventually(lambda: registry.tried.count(BAN[0]) > 2)

    first = registry.tried.index(BAN[0]) + 1
    eventually(lambda: registry.tried[first:].count(BAN[0]) > 50)

    noted = [end for end in registry.tried[first:] if not isinstance(end, Disconnect)]
    between = "".join("B" if end == BAN[0] else "s" for end in noted).strip("s").split("B")
    assert set(between[2:]) <= {"", "s"}
    # Each end has its turn: one that is always refused delays no other.
    assert set(noted) == {BAN[0], *(ends[0] for ends in STRANGERS)}


@pytest.fixture
def let_wait(queue, registry, monkeypatch):
    """A function that makes ends wait together, after one during which the registry hangs."""
    begun, goes_on = threading.Event(), threading.Event()
    take = registry._take

    def take_slowly(end):
        if not goes_on.is_set() and threading.current_thread() is not threading.main_thread():
            begun.set()
            goes_on.wait(DEADLINE)
        take(end)

    def let_wait(stuck, *waiting):
        monkeypatch.setattr(registry, "_take", take_slowly)
        registry.refused.add(stuck)
        queue.run([stuck])
        assert begun.wait(DEADLINE)
        for ends in waiting:
            queue.run(ends)
        came = clock.monotonic()
        eventually(lambda: clock.monotonic() > came + endings.TURN_SECONDS)
        goes_on.set()

    return let_wait


def test_ban_is_told_before_log_outs_that_waited_longer(registry, let_wait):
    """Thousands of log-outs wait since Redis stopped replying. A later ban is sent before them."""
    let_wait(SessionEnd("stuck"), *STRANGERS, BAN)

    eventually(lambda: STRANGERS[-1][1] in registry.taken)
    assert registry.taken[:2] == BAN


def test_log_out_waits_for_no_flood_of_leaves(registry, let_wait, monkeypatch):
    """One user leaves thousands of channels again and again after a short outage. A log-out does
    not wait for all of that."""
    monkeypatch.setattr(endings, "TURN_SECONDS", 0)
    log_out = SessionEnd("stranger")

    let_wait(UserEnd("other", "stuck"), *LEAVES, [log_out])

    eventually(lambda: {log_out, LEAVES[-1][0]} <= set(registry.taken))
    assert registry.taken.index(log_out) < registry.taken.index(LEAVES[10][0])


def test_what_the_registry_takes_waits_for_no_retry(registry, let_wait, monkeypatch):
    """Many ends came while Redis did not reply. A turn has a limited time, and the next turn
    follows at once."""
    monkeypatch.setattr(endings, "TURN_SECONDS", 0)
    stuck = UserEnd("other", "stuck")
    many = [UserEnd("flooder", str(number)) for number in range(300)]

    let_wait(stuck, *STRANGERS, many)
    # From now on nothing is refused, and the next retry would come in an hour.
    registry.refused.clear()
    monkeypatch.setattr(endings, "RETRY_SECONDS", 3600)

    eventually(lambda: {stuck, STRANGERS[-1][1], many[-1]} <= set(registry.taken))


def test_time_without_an_end_delays_none(queue, registry, monkeypatch):
    """The second outage in the life of a process ends as quickly as the first."""
    registry.refused.update(BAN)
    queue.run(BAN)
    registry.refused.clear()
    eventually(lambda: registry.taken == BAN)
    pauses = []
    wait = queue._wake.wait

    def note_pause(seconds):
        pauses.append(seconds)
        return wait(seconds)

    monkeypatch.setattr(queue._wake, "wait", note_pause)
    an_hour_later = clock.monotonic() + 3600
    monkeypatch.setattr(clock, "monotonic", lambda: an_hour_later)
    registry.refused.update(BAN)
    queue.run(BAN)

    pause = eventually(lambda: next((one for one in pauses if one), None))
    assert pause == pytest.approx(endings.RETRY_SECONDS)
