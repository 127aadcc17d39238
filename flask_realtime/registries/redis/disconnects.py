"""Tells all processes whose sockets to close, and whom to put out of a channel.

Orders are announced by pub/sub, and kept for processes that miss the announcement.
"""

from __future__ import annotations

import logging
import math
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from ...errors import CloseCode
from ...threads import clock
from ..expiring import ExpiringDict
from ..records import LATE_MS, Disconnect, RegistryEvents, age_in_ms
from . import scripts
from .connection import Deadline
from .keys import RedisKeys
from .pool import RedisPool
from .server_time import TIME, ServerTime

logger = logging.getLogger(__name__)

# For how many seconds orders are kept for processes that do not hear Redis, and how many of them:
# some 1 MB in Redis. Strangers may log out in great numbers: a process that may have missed others
# goes by the tombstones.
KEPT_SECONDS = 86_400
MOST_KEPT = 10_000
# A process notices within this time that it hears Redis no longer.
NOTICED_SECONDS = 60
# For how many seconds a process remembers the orders that it has heard.
HEARD_SECONDS = 1200
READ_AT_ONCE = 1000

_ID = re.compile(rb"[0-9]{1,20}-[0-9]{1,20}")


class RedisDisconnects:
    """Announces orders to the other processes, and carries out those that they announce.

    Anyone who may publish in Redis can forge an announcement. Therefore an announcement does not
    change the position up to which this process has read the kept orders.

    :param process: the name of this process, which carries out its own orders by itself.
    """

    def __init__(self, pool: RedisPool, keys: RedisKeys, process: str) -> None:
        self._pool = pool
        self._keys = keys
        self._process = process
        # The last order that was read, or that was kept when this process began to listen.
        self._at: bytes | None = None
        # Where the reading under way began, however many of its attempts have failed.
        self._began_at: bytes | None = None
        # The orders that were heard by an announcement: they are not carried out again when read.
        self._heard: ExpiringDict[bytes, bool] = ExpiringDict(HEARD_SECONDS)
        # Since when orders may have been missed, and when the link to Redis was last lost.
        self._deaf_since = math.inf
        self._lost_at = -math.inf
        self._lock = threading.Lock()
        #: The time of Redis, noted by each part of the registry that hears it.
        self.time = ServerTime()

    def announce(self, order: Disconnect, deadline: Deadline) -> None:
        """Have every other process close the sockets that *order* names."""
        names = (order.digest or "", order.session or "", order.user or "")
        # A session that has ended is never begun anew, but its user may log in again, and a page
        # may connect again.
        over_at = None if order.session is not None else self._pool.over_at(deadline)
        # Processes of earlier versions read the number.
        code = f"{'+' * order.is_left}{order.code}"
        self._announce(":".join((*names, code)), over_at, deadline)

    def announce_unsubscribe(
        self, user: str, channel: str, over_at: int, deadline: Deadline
    ) -> None:
        """Have every other process take a user's pages off a channel.

        :param over_at: when *deadline* is over, by the clock of Redis: see
            :meth:`.RedisPool.over_at`.
        """
        self._announce(f"::{user}::{channel}", over_at, deadline)

    def begin(self, deadline: Deadline) -> None:
        """Note the last order that is kept now; it and earlier ones do not concern this process.

        Later calls do nothing.
        """
        if self._at is None:
            newest = ("XREVRANGE", self._keys.disconnects, "+", "-", "COUNT", 1)
            asked_at = clock.monotonic()
            entries, time = self._pool.ask([newest, TIME], deadline)
            self.time.note(asked_at, [time])
            at = entries[0][0] if entries else b"0-0"
            self._at = self._at or at

    def note_loss(self) -> None:
        """Note that this process hears Redis no longer."""
        self._lost_at = clock.monotonic()
        # The next connection may lead to another Redis.
        self.time.forget()
        self._deaf_since = min(self._deaf_since, self._lost_at)

    def hear(self, data: bytes, events: RegistryEvents) -> Callable[[], object]:
        """Return a function that carries out an announced order.

        An order that a network has held up does not end sockets that were opened since: their
        pages come back, and the registry knows what they may still do.

        :raises ValueError: if *data* is not an order.
        """
        at, _, text = data.partition(b" ")
        moment = _order(at)[0] if _ID.fullmatch(at) else 0
        given_at = self.time.local(moment) if moment else None
        if given_at is not None and age_in_ms(given_at) > LATE_MS:
            events = _for_earlier_sockets(events, given_at, has_others_come_back=True)
        carry_out = self._read(text, events, moment)
        if _ID.fullmatch(at):
            self._note_heard(at)
        return carry_out

    def catch_up(
        self,
        events: RegistryEvents,
        of_ended: Callable[[float], Sequence[Disconnect]],
        deadline: Deadline,
    ) -> None:
        """Carry out the orders that were announced while this process heard nothing.

        Sockets that were opened behind an order stay: their handshakes were let in after it.

        :param of_ended: returns the orders that the tombstones lead to. It is asked if some orders
            may be kept no longer, and told for how many seconds this process heard nothing.
        """
        if self._at is None:
            return
        began = clock.monotonic()
        deaf_for = max(0.0, began - self._deaf_since)
        now = self._pool.time_ms(deadline)
        # The clock of Redis is ahead of this process's by a little more than this, in ms, because
        # the reply has travelled for a while.
        ahead = now - clock.monotonic() * 1000
        # Older orders were heard, and may be forgotten since.
        heard_until = b"%d-0" % (now - (deaf_for + NOTICED_SECONDS) * 1000)
        self._at = max(self._at, heard_until, key=_order)
        first = self._began_at = self._began_at or self._at
        count = READ_AT_ONCE
        while count == READ_AT_ONCE:
            behind = b"(" + self._at
            newer = ("XRANGE", self._keys.disconnects, behind, "+", "COUNT", READ_AT_ONCE)
            (entries,) = self._pool.ask([newer], deadline)
            for at, (_, text) in entries:
                self._at = at
                if not self._was_heard(at):
                    # An id has whole ms.
                    moment = (_order(at)[0] + 1 - ahead) / 1000
                    self._carry_out(text, _for_earlier_sockets(events, moment))
            count = len(entries)
        if deaf_for > KEPT_SECONDS or self._have_been_dropped(first, deadline):
            for order in of_ended(deaf_for):
                events.disconnected(replace(order, opened_before=began))
        self._deaf_since = self._lost_at if self._lost_at > began else math.inf
        self._began_at = None

    def _have_been_dropped(self, first: bytes, deadline: Deadline) -> bool:
        """Return whether too many orders came behind the one with the id *first* to be kept."""
        questions: list[scripts.Command] = [
            ("XLEN", self._keys.disconnects),
            ("XRANGE", self._keys.disconnects, "-", "+", "COUNT", 1),
        ]
        length, entries = self._pool.ask(questions, deadline)
        return length >= MOST_KEPT and _order(entries[0][0]) > _order(first)

    def _announce(self, order: str, over_at: int | None, deadline: Deadline) -> None:
        text = f"{self._process}:{order}"
        lives = KEPT_SECONDS * 1000
        command = scripts.DISCONNECT(
            [self._keys.disconnects],
            (self._keys.everyone, text, MOST_KEPT, lives, "" if over_at is None else over_at),
        )
        (is_late,) = self._pool.ask([command], deadline)
        if is_late:
            raise self._pool.unavailable(
                "an order to close sockets reached it too late, and was not carried out"
            )

    def _carry_out(self, text: bytes, events: RegistryEvents) -> None:
        try:
            carry_out = self._read(text, events)
        except ValueError as error:
            logger.warning("An order that is kept in Redis cannot be read: %s", error)
            return
        carry_out()

    def _read(self, text: bytes, events: RegistryEvents, moment: int = 0) -> Callable[[], object]:
        process, digest, session, user, code, *channel = text.decode().split(":", 5)
        if process == self._process:
            return _nothing
        if not (digest or session or user) or channel == [""]:
            raise ValueError("The order names no client, session or user, or its channel is empty.")
        if channel:
            return partial(events.unsubscribed, user, channel[0], moment)
        names = (digest or None, session or None, user or None)
        order = Disconnect(*names, int(code), is_left=code.startswith("+"))
        return partial(events.disconnected, order)

    def _note_heard(self, at: bytes) -> None:
        with self._lock:
            self._heard.put_among(at, True, clock.monotonic(), MOST_KEPT)

    def _was_heard(self, at: bytes) -> bool:
        with self._lock:
            return self._heard.get(at, clock.monotonic()) is not None


def _for_earlier_sockets(
    events: RegistryEvents, moment: float, has_others_come_back: bool = False
) -> RegistryEvents:
    """Return *events* for orders that were given at *moment*, by :func:`.clock.monotonic`.

    :param has_others_come_back: whether sockets that were opened since are closed as well (1012):
        *moment* may be wrong.
    """

    def disconnected(order: Disconnect) -> None:
        events.disconnected(replace(order, opened_before=moment))
        if has_others_come_back:
            events.disconnected(replace(order, code=CloseCode.SERVICE_RESTART))

    def unsubscribed(user: str, _channel: str, _when: int = 0) -> None:
        # The user may have been let into the channel again since. The pages come back at once, and
        # the registry knows what they still hear.
        disconnected(Disconnect(user=user, code=CloseCode.SERVICE_RESTART))

    return replace(events, disconnected=disconnected, unsubscribed=unsubscribed)


def _order(at: bytes) -> tuple[int, int]:
    """Return a key by which the ids of a stream are compared."""
    milliseconds, _, number = at.partition(b"-")
    return int(milliseconds), int(number)


def _nothing() -> None:
    """Do nothing: for this process's own orders, which it has carried out already."""
