"""Kicks: channels that clients were put out of, until the registry has noted it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ..errors import RegistryUnavailable
from ..identity.keys import shorten
from ..registries.base import Registry
from ..registries.expiring import ExpiringDict
from ..registries.records import age_in_ms
from ..threads import clock
from .attempts import Attempts

logger = logging.getLogger(__name__)


# How many kicks of one client may wait if, as far as this process knows, it was not on the
# channels: anybody may leave channels that do not exist.
MOST_OF_CLIENT = 1000
# For how many seconds this process remembers that it has not noted a kick.
UNNOTED_SECONDS = 3600.0
# For how many seconds the registry may say when a client was put out of a channel.
PENDING_SECONDS = 5.0


class _Kick(NamedTuple):
    """When a client was put out of a channel. It may ask for the channel again later.

    :param at: by :func:`.clock.monotonic`.
    :param moment: in ms by the registry's clock; 0: that is not known.
    :param is_pending: whether the registry is about to say when it was.
    """

    at: float
    moment: int
    is_pending: bool

    @property
    def when(self) -> int:
        """The same as :meth:`.Registry.unsubscribe` takes it."""
        return self.moment or -age_in_ms(self.at)


class UnnotedKicks:
    """The clients that this process has taken off channels, and the registry still has on them.

    Until the kicks of a client are noted, what the registry says of it is not to be trusted.

    :param registry: is to end the subscriptions.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._lock = threading.Lock()
        # By client, in the order in which they are tried: when it left which channel.
        self._unnoted: dict[str, dict[str, _Kick]] = {}
        # When there were too many of a client, the last time.
        self._too_many_at: ExpiringDict[str, float] = ExpiringDict(UNNOTED_SECONDS)
        what = "Having the registry note that client %s has left channels"
        self._telling = Attempts(what, self._tell, shorten)

    def add(self, digest: str, channel: str, was_on: bool, when: int | None = 0) -> None:
        """Note that the client of a digest was taken off a channel.

        If too many wait, it is noted only if the client was on the channel.

        :param was_on: whether this process had the client on the channel. If not, a subscription to
            it may still be under way.
        :param when: when that was to be, as :meth:`.Registry.unsubscribe` takes it. None: the
            registry is about to say so, and is told of nothing before that.
        """
        with self._lock:
            now = clock.monotonic()
            left = self._unnoted.setdefault(digest, {})
            if was_on or channel in left or len(left) < MOST_OF_CLIENT:
                at, moment = now + min(when or 0, 0) / 1000, max(when or 0, 0)
                left[channel] = _Kick(at, moment, when is None)
                return
            self._too_many_at.pop_expired(now, 10)
            self._too_many_at.put(digest, now, now)

    def may_lack(self, digest: str, opened_at: float) -> bool:
        """Return whether a connection may be put on a channel that its client has left.

        That is so if too many kicks of the client came since the connection was opened. A
        connection that is opened later is on no channel that the registry knows to have been left.

        :param digest: the client's digest.
        :param opened_at: when the connection was opened, by :func:`.clock.monotonic`.
        """
        with self._lock:
            too_many_at = self._too_many_at.get(digest, clock.monotonic())
        return too_many_at is not None and opened_at <= too_many_at

    def clients(self) -> set[str]:
        """Return the digests of the clients with a kick that is not noted."""
        with self._lock:
            return set(self._unnoted)

    def channels(self, digest: str) -> list[str]:
        """Return the channels that a client has left, and the registry has not noted it."""
        if not self._unnoted:
            return []
        with self._lock:
            return list(self._unnoted.get(digest, ()))

    def tell(self) -> bool:
        """Have the registry note them, until it is away; return whether it has noted all that there
        were."""
        with self._lock:
            until = clock.monotonic() - PENDING_SECONDS
            due = [digest for digest, left in self._unnoted.items() if _due(left, until)]
        try:
            return not self._telling.run(due)
        except RegistryUnavailable as error:
            logger.debug(
                "The registry has not yet recorded that a client was removed from channels: %s",
                error,
            )
            return False

    def _tell(self, digests: Sequence[str]) -> None:
        for digest in digests:
            with self._lock:
                left = _due(self._unnoted.get(digest, {}), clock.monotonic() - PENDING_SECONDS)
            if not left:
                continue
            try:
                # In one call: there may be many channels.
                self._registry.unsubscribe(digest, {name: one.when for name, one in left.items()})
            except RegistryUnavailable:
                # Tried last from now on: one that is refused for ever holds up no other.
                with self._lock:
                    self._unnoted[digest] = self._unnoted.pop(digest)
                raise
            self._forget(digest, left)

    def _forget(self, digest: str, told: Mapping[str, _Kick]) -> None:
        with self._lock:
            left = self._unnoted[digest]
            for channel, one in told.items():
                # The client may have left the channel once more meanwhile.
                if left[channel] == one:
                    del left[channel]
            if not left:
                del self._unnoted[digest]


def _due(left: Mapping[str, _Kick], until: float) -> dict[str, _Kick]:
    """Return the kicks that the registry is told of: of the pending ones, those before
    *until*."""
    return {name: one for name, one in left.items() if not one.is_pending or one.at < until}
