"""The logs of all channels, in this process's memory."""

from __future__ import annotations

from ...config.settings import Config
from ...protocol.positions import Position
from ...protocol.publications import Publication
from ...protocol.pushes import Push
from ..expiring import ExpiringDict
from .log import MemoryLog

PUSH_ID_SECONDS = 300.0


class MemoryLogs:
    """By channel, its log; and which push ids each has seen lately.

    Not safe for threads: the registry holds its lock around every call.
    """

    __slots__ = ("_config", "_filled", "_push_ids", "_states")

    def __init__(self, config: Config) -> None:
        self._config = config
        away = config.disconnect_timeout_seconds
        history = config.history_ttl_seconds
        # A log is in _states as long as it counts, in _filled as long as it has entries.
        self._states: ExpiringDict[str, MemoryLog] = ExpiringDict(away + history)
        self._filled: ExpiringDict[str, MemoryLog] = ExpiringDict(history)
        self._push_ids: ExpiringDict[tuple[str, str], Position] = ExpiringDict(PUSH_ID_SECONDS)

    def append(self, push: Push, now: float) -> tuple[Position, Publication | None]:
        """Append *push* to its channel's log; its position, and the entry if it is new: a push
        that was seen before is not appended again."""
        one_id = None if push.push_id is None else (push.channel, push.push_id)
        first = one_id and self._push_ids.get(one_id, now)
        if first:
            return first, None
        log = self.touch(push.channel, now)
        publication = log.append(push)
        self._filled.put(push.channel, log, now)
        if one_id:
            self._push_ids.put(one_id, publication.position, now)
        return publication.position, publication

    def touch(self, channel: str, now: float) -> MemoryLog:
        """The log of *channel*, begun if need be, which lives on."""
        log = self.get(channel, now)
        self._states.put(channel, log, now)
        return log

    def get(self, channel: str, now: float) -> MemoryLog:
        """The log of *channel*, begun if need be."""
        log = self._states.get(channel, now)
        if log is None:
            log = MemoryLog(self._config.history_size, self._config.history_bytes)
            self._states.put(channel, log, now)
        elif self._filled.get(channel, now) is None:
            log.clear()
        return log

    def is_known(self, channel: str, now: float) -> bool:
        """Whether *channel* has a log."""
        return self._states.get(channel, now) is not None

    def names(self, now: float) -> list[str]:
        """The channels that have a log."""
        return self._states.keys(now)

    def drop_expired(self, now: float, most: int) -> bool:
        """Forget what is over, about *most* of each kind; True if there may be more."""
        emptied = self._filled.pop_expired(now, most)
        for log in emptied:
            log.clear()
        states = self._states.pop_expired(now, most)
        return max(len(emptied), len(states), len(self._push_ids.pop_expired(now, most))) >= most
