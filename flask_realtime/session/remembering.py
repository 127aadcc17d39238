"""Has sockets come back where Flask-Login begins to remember their user, or ceases to."""

from __future__ import annotations

import threading
from typing import NamedTuple

from flask import Response

from ..page.client import key_that_came
from ..registries.expiring import ExpiringDict
from ..registries.records import End
from ..threads import clock
from .remember_cookie import remembers_anew
from .succession import orders_to_come_back

# How often the same is told again at once: another process may have told the contrary meanwhile,
# since a user logs in, out, and in again, each by the process that comes next.
_REPETITIONS = 3
# How far apart the same is told from then on.
_SECONDS = 60.0
_MOST_KNOWN = 10_000


class _Told(NamedTuple):
    """What a session's sockets came back for.

    :param is_remembered: whether the browser had got the cookie, or had lost it.
    :param again: how often that was told again.
    :param moment: when it was told last.
    """

    is_remembered: bool
    again: int
    moment: float


class Remembering:
    """The sessions whose sockets have come back lately for the cookie that remembers a user.

    A browser may keep no such cookie, or keep the one that is taken away, as where the cookie is of
    another path, or is marked as secure and the site is not. Each answer of an app that renews it
    with each would have the sockets come back then, and pages that call as they are connected would
    do so for ever. They do so four times in a row, and then once a minute.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._told: ExpiringDict[str, _Told] = ExpiringDict(2 * _SECONDS)

    def orders(self, response: Response) -> list[End]:
        """Return the orders that have the session's sockets come back behind *response*.

        They bring the cookies of before. With that cookie a message would log the user in again;
        without it, the app would take none away at a log-out by a message.
        """
        is_remembered = remembers_anew(response)
        if is_remembered is None or (key := key_that_came()) is None:
            return []
        return orders_to_come_back(key) if self._is_news(key, is_remembered) else []

    def _is_news(self, key: str, is_remembered: bool) -> bool:
        with self._lock:
            now = clock.monotonic()
            found, again = self._told.get(key, now), 0
            if found is not None and found.is_remembered is is_remembered:
                again = found.again + 1
                if again > _REPETITIONS and now < found.moment + _SECONDS:
                    return False
            self._told.put_among(key, _Told(is_remembered, again, now), now, _MOST_KNOWN)
            return True
