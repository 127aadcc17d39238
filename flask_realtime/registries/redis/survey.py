"""Finds out, once in each process, what kind of Redis this is and who else uses it."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from typing import Any

from ...errors import InvalidSetting
from ...threads import clock
from ...threads.fork import ForkLocal
from . import scripts
from .address import RedisAddress
from .keys import RedisKeys
from .resp import ErrorReply
from .scripts import Command

logger = logging.getLogger(__name__)

# For how many seconds Redis remembers which app uses a prefix, after a process last said so.
OWNED_SECONDS = 900
# Seconds between two times that a process says so.
CLAIM_SECONDS = 60.0
NO_EVICTION = "noeviction"


class RedisSurvey:
    """Warns of a Redis that may lose data, or that another app uses under the same prefix.

    :param keys: the names under the prefix.
    """

    def __init__(self, address: RedisAddress, keys: RedisKeys) -> None:
        self._address = address
        self._keys = keys
        self._own: ForkLocal[_Own] = ForkLocal(_Own)
        #: The app's names to others that use the prefix: the present one first, then former ones.
        self.owners: Collection[str] = ()

    @property
    def eviction_policy(self) -> str | None:
        """The ``maxmemory-policy``, None while it is not known."""
        return self._own.get().policy

    def commands(self) -> list[Command]:
        """Return the commands that this process has yet to ask; none once they were answered."""
        own = self._own.get()
        return [] if own.is_done else [("INFO", "memory"), ("CLUSTER", "INFO"), *self.claims()]

    def note(self, replies: Sequence[Any]) -> None:
        """Take the replies to :meth:`commands`.

        :raises InvalidSetting: if Redis is one node of a cluster of several.
        """
        if not replies:
            return
        self._own.get().is_done = True
        self._check_cluster(_fields(replies[1]))
        self.note_memory(replies[0])
        self.note_claims(replies[2:])

    def claims(self) -> list[Command]:
        """Return the commands that say that this app uses the prefix, if it is time to say so."""
        own = self._own.get()
        if not self.owners or clock.monotonic() - own.claimed_at < CLAIM_SECONDS:
            return []
        own.claimed_at = clock.monotonic()
        return [scripts.CLAIM([self._keys.owner], (OWNED_SECONDS * 1000, *self.owners))]

    def note_claims(self, replies: Sequence[Any]) -> None:
        """Take the replies to :meth:`claims`."""
        own = self._own.get()
        for reply in replies:
            if type(reply) is not ErrorReply and reply and not own.has_warned_of_owner:
                own.has_warned_of_owner = True
                logger.warning(
                    "%s: another app, or this one under another SECRET_KEY, uses the prefix %r in "
                    "the same database: each hears what the other pushes. Give one of them a "
                    "REALTIME_REDIS_PREFIX of its own.",
                    self._address,
                    self._keys.prefix,
                )

    def note_memory(self, reply: Any) -> None:
        """Take the reply to ``INFO memory``."""
        own = self._own.get()
        policy = _fields(reply).get("maxmemory_policy", own.policy)
        if policy not in (None, NO_EVICTION, own.policy):
            logger.warning(
                "%s may evict any key when its memory is full, because its maxmemory-policy is %s: "
                "pages would lose subscriptions and messages in silence. Set it to %s, or give "
                "REALTIME_REDIS a server of its own.",
                self._address,
                policy,
                NO_EVICTION,
            )
        own.policy = policy

    def _check_cluster(self, cluster: dict[str, str]) -> None:
        size = cluster.get("cluster_size", "1")
        if size not in ("0", "1"):
            self._own.get().is_done = False
            raise InvalidSetting(
                f"{self._address} is a node of a Redis Cluster of {size} nodes, which "
                f"flask_realtime does not support: the logs, clients and announcements of an app "
                f"need one Redis, which may have replicas. Name a Redis that is not part of a "
                f"cluster."
            )


class _Own:
    """What one process has found out."""

    __slots__ = ("claimed_at", "has_warned_of_owner", "is_done", "policy")

    def __init__(self) -> None:
        self.is_done = False
        self.has_warned_of_owner = False
        self.claimed_at = -CLAIM_SECONDS
        self.policy: str | None = None


def _fields(reply: Any) -> dict[str, str]:
    """Return the fields of a reply to INFO; an empty dict if it was refused."""
    if not isinstance(reply, bytes):
        return {}
    lines = (line.partition(":") for line in reply.decode(errors="replace").splitlines())
    return {name: value for name, colon, value in lines if colon}
