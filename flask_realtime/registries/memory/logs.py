"""The channels that a single process knows, each with its log."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain

from ...config.settings import Config
from ...protocol.positions import Position
from ...protocol.publications import Publication
from ...protocol.pushes import Push
from ..expiring import ExpiringDict
from ..lifetimes import PUSH_ID_SECONDS, Lifetimes
from .log import MemoryLog


class MemoryLogs:
    """Every known channel's log, by the channel's name.

    A channel is known as long as its log has entries that were pushed to it by name, as long as a
    page is subscribed to it and connected, and as long as such a page may connect or come back.

    Not safe for threads: the registry holds its lock around every call.
    """

    __slots__ = ("_awaited", "_filled", "_heard", "_left", "_make_log", "_push_ids", "_pushed")

    def __init__(self, config: Config, lifetimes: Lifetimes) -> None:
        self._make_log: Callable[[], MemoryLog] = lambda: MemoryLog(
            config.history_size, config.history_bytes
        )
        self._filled: ExpiringDict[str, MemoryLog] = ExpiringDict(lifetimes.history)
        self._pushed: ExpiringDict[str, MemoryLog] = ExpiringDict(lifetimes.history)
        self._awaited: ExpiringDict[str, MemoryLog] = ExpiringDict(lifetimes.awaited_channel)
        self._heard: ExpiringDict[str, MemoryLog] = ExpiringDict(lifetimes.channel)
        # Channels that this process has heard, and hears no longer.
        self._left: ExpiringDict[str, bool] = ExpiringDict(lifetimes.unheard)
        self._push_ids: ExpiringDict[tuple[str, str], Position] = ExpiringDict(PUSH_ID_SECONDS)

    def append(
        self, push: Push, now: float, is_heard: bool = True
    ) -> tuple[Position, Publication | None]:
        """Append *push*, unless it repeats an earlier one.

        A push by pattern goes to all channels whose names strangers have made up. A channel that
        nobody hears keeps no log for longer by it; and where there is no log, and no page is
        awaited any more, the push is not kept.

        :param is_heard: whether this process hears the channel.
        :returns: the position of the push, and what to announce: None for a repeat, and for a push
            that is not kept.
        """
        one_id = None if push.push_id is None else (push.channel, push.push_id)
        first = one_id and self._push_ids.get(one_id, now)
        if first:
            return first, None
        log = self._get(push.channel, now) or self._make_log()
        is_idle = push.by_pattern and not is_heard
        has_entries = self._filled.get(push.channel, now) is not None
        if is_idle and not (has_entries or self._may_be_missed(push.channel, now)):
            return log.pass_over(), None
        publication = log.append(push)
        if not (is_idle and has_entries):
            self._filled.put(push.channel, log, now)
        if not push.by_pattern:
            self._pushed.put(push.channel, log, now)
        if one_id:
            self._push_ids.put(one_id, publication.position, now)
        return publication.position, publication

    def read(self, channel: str, now: float) -> MemoryLog:
        """Return the log of *channel*, for reading it or subscribing to it.

        A channel that is not known begins a new log.
        """
        log = self._get(channel, now) or self._make_log()
        self._awaited.put(channel, log, now)
        return log

    def note_unheard(self, channel: str, now: float) -> None:
        """Note that this process hears a channel no longer, and awaits its pages for a while."""
        log = self._get(channel, now)
        if log is not None:
            self._awaited.put(channel, log, now)
            self._left.put(channel, True, now)

    def keep(self, channel: str, now: float) -> None:
        """Keep a channel that this process hears from expiring, if it is known."""
        log = self._get(channel, now)
        if log is not None:
            self._heard.put(channel, log, now)

    def names(self) -> list[str]:
        """Return the names of all known channels, and of some that may have expired.

        It takes some ten nanoseconds a channel: :meth:`is_known` is for the caller to ask.
        """
        return list(dict.fromkeys(chain(self._heard, self._awaited, self._pushed)))

    def is_known(self, channel: str, now: float) -> bool:
        """Return whether a channel is known."""
        parts = (self._heard, self._awaited, self._pushed)
        return any(part.get(channel, now) is not None for part in parts)

    def drop_expired(self, now: float, most: int) -> bool:
        """Forget what has expired, about *most* of each kind; True if there may be more."""
        emptied = self._filled.pop_expired(now, most)
        for log in emptied:
            log.clear()
        dropped = [
            len(emptied),
            len(self._pushed.pop_expired(now, most)),
            len(self._awaited.pop_expired(now, most)),
            len(self._heard.pop_expired(now, most)),
            len(self._left.pop_expired(now, most)),
            len(self._push_ids.pop_expired(now, most)),
        ]
        return max(dropped) >= most

    def _may_be_missed(self, channel: str, now: float) -> bool:
        return any(part.get(channel, now) is not None for part in (self._awaited, self._left))

    def _get(self, channel: str, now: float) -> MemoryLog | None:
        log = self._filled.get(channel, now)
        if log is not None:
            return log
        log = self._heard.get(channel, now) or self._awaited.get(channel, now)
        if log is not None:
            # All entries of a log expire at the same time.
            log.clear()
        return log
