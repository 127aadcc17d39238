"""What the log says while the link by which a process listens to Redis is lost."""

from __future__ import annotations

import logging

from ...threads import clock
from .address import RedisAddress

logger = logging.getLogger(__name__)

#: Redis may be away for hours, and each process tries to reach it every 3 s.
SECONDS_BETWEEN_WARNINGS = 60.0


class Loss:
    """Tells of a lost link: at once, then each minute, and when it has ended.

    :param address: of the Redis to which the link led.
    """

    def __init__(self, address: RedisAddress) -> None:
        self._address = address
        self._warned_at: float | None = None

    def report(self, reason: str) -> None:
        """Say that the link is lost, or that an attempt to have it again has failed.

        :param reason: what happened.
        """
        now, level = clock.monotonic(), logging.DEBUG
        if self._warned_at is None:
            level = logging.ERROR
        elif now >= self._warned_at + SECONDS_BETWEEN_WARNINGS:
            level = logging.WARNING
        if level != logging.DEBUG:
            self._warned_at = now
        # Some errors of redis-py are sentences.
        said = reason.rstrip(".")
        logger.log(
            level,
            "Lost the connection that listens to %s; connecting again: %s.",
            self._address,
            said,
        )

    def end(self) -> None:
        """Say that the link is whole again, if it was lost."""
        if self._warned_at is not None:
            self._warned_at = None
            logger.warning("Listening to %s again.", self._address)
