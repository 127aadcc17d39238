"""Tells the registry of ends of sessions, users and subscriptions."""

from __future__ import annotations

import logging
from dataclasses import replace

from ..errors import CloseCode, RegistryUnavailable
from ..registries.base import Registry
from ..registries.records import LATE_END_MS, LATE_MS, SessionEnd, UserEnd, age_in_ms
from .waiting_ends import WaitingEnd

logger = logging.getLogger(__name__)


class EndReports:
    """Tells the registry of one end after the other, and notes whether it takes them.

    :param registry: the registry.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        #: Whether the registry has refused anything; reset once it was told all that waits.
        self.is_away = False
        #: How often it has refused anything.
        self.refusals = 0

    def is_taken(self, one: WaitingEnd, level: int) -> bool:
        """Tell the registry of an end; return whether that is done, or can never be.

        :param level: at which the log says that the registry refuses it.
        """
        try:
            self._tell(one)
        except RegistryUnavailable as error:
            self.is_away = True
            self.refusals += 1
            logger.log(
                level,
                "The end of a session, a user or a subscription has taken effect in this process "
                "only. It will reach the others when the registry is available again: %s",
                error,
            )
            return False
        except Exception:
            logger.exception("The registry could not record the end of a session or user.")
        return True

    def _tell(self, one: WaitingEnd) -> None:
        end, age = one.end, age_in_ms(one.moment)
        if isinstance(end, SessionEnd):
            one.ended_ago = self._end_session(end, age)
            if age < LATE_END_MS <= age_in_ms(one.moment):
                # The registry took it for an end of now, but it has hung.
                self._end_session(end, age_in_ms(one.moment))
        elif isinstance(end, UserEnd):
            self._registry.end_user(end.user, end.channel, age)
        elif end.session is None and age > LATE_MS:
            # The user may have logged in again since, and the page may have been opened again.
            # What has ended cannot come back.
            self._registry.disconnect(replace(end, code=CloseCode.SERVICE_RESTART))
        else:
            self._registry.disconnect(end)

    def _end_session(self, end: SessionEnd, age: int) -> int:
        return self._registry.end_session(end.session, end.heir, age, end.successor)
