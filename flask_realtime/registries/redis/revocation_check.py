"""Tells whether a user was revoked while a request of the user was under way."""

from __future__ import annotations

from collections.abc import Sequence

from ...errors import RegistryUnavailable
from ..records import Grant, age_in_ms
from .scripts import Command
from .tombstones import RedisTombstones

# Stands for all channels: the user was disconnected.
_ALL = ""
# A question and its reply that take longer than usual may leave the order of two moments open. Of
# so many questions in a row one takes no longer than usual.
MOST_QUESTIONS = 5


class RevocationCheck:
    """Compares when a request asked for channels with when its user was put out of them.

    Redis says how long ago the user was put out, by its own clock, and this process knows how long
    ago the request asked. Redis reads its clock at some moment between the question and the reply.
    If both orders are possible within that time, :attr:`is_unsure` is true, and Redis is to be
    asked again. A request that asks right behind an end that this process has told Redis of, such
    as one that disconnects its user and goes on, is known to be the later one.

    :param grant: what the request subscribes its page to.
    """

    def __init__(self, tombstones: RedisTombstones, grant: Grant) -> None:
        self._tombstones = tombstones
        self._user = grant.user
        self._open = {_ALL: grant.began, **grant.asked}
        self._revoked: list[str] = []
        self._ages: dict[str, int] = {}
        self._questions = 0

    @property
    def is_unsure(self) -> bool:
        """Whether Redis is to be asked again."""
        return bool(self._open)

    @property
    def is_disconnected(self) -> bool:
        """Whether the user was disconnected after the request had come."""
        return _ALL in self._revoked

    @property
    def left(self) -> list[str]:
        """The channels that the user was put out of after the request had asked for them."""
        return [name for name in self._revoked if name != _ALL]

    def question(self) -> Command:
        """Return the command that asks Redis; it is to be sent at once.

        :raises RegistryUnavailable: if Redis has replied too slowly each time.
        """
        self._questions += 1
        if self._questions > MOST_QUESTIONS:
            raise RegistryUnavailable(
                "Redis replies too slowly to tell whether the user was disconnected, or put out "
                "of a channel, before the request came or after it."
            )
        self._ages = {name: age_in_ms(moment) for name, moment in self._open.items()}
        return self._tombstones.ended_ago(self._user, tuple(self._open))

    def note(self, reply: Sequence[tuple[int, bytes]]) -> None:
        """Note the reply to the last question, which has just come."""
        for (name, asked), (ago, moment) in zip(tuple(self._open.items()), reply, strict=True):
            # No clocks are compared where this process knows the order by itself.
            is_earlier = self._tombstones.was_told_before(self._user, name, moment, asked)
            if 0 <= ago < self._ages[name] and not is_earlier:
                self._revoked.append(name)
            elif 0 <= ago < age_in_ms(asked) and not is_earlier:
                continue
            del self._open[name]
