"""What a client is subscribed to, and how two who know it differently are brought together.

A last-writer-wins map: every subscription, and every end of one, carries the moment at which it was
made, by the registry's clock in milliseconds, and later than any that its client had before (a
hybrid logical clock: Kulkarni et al., "Logical Physical Clocks", 2014). Of a channel the later one
counts, in whatever order they come together (a state-based CRDT: Shapiro et al., 2011), unless too
many ends have been forgotten. So what a registry has lost, as a Redis does that goes back to a
snapshot, is told from what is new, and processes that know a client write it again without undoing
each other's.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from ..errors import NotSubscribed
from ..identity.keys import is_digest
from ..protocol.positions import Position
from ..protocol.starts import Past, Start

# So many channels that a client has left are remembered. Of one that leaves more, all are forgotten
# at once, and whoever knows subscriptions that are older than that takes the registry's word: if it
# has lost them as well, they stay lost.
MOST_LEFT = 100


@dataclass(frozen=True, slots=True)
class Subscription:
    """How a client stands on one channel.

    :param since: where the log stood when the client subscribed.
    :param sent: how far its last socket had been sent, None if it had none.
    :param moment: when it subscribed last.
    :param past: the older messages with which the subscription begins, None if there are none.
    :param by_view: whether the decorator of a view made the subscription, and nobody else.
    """

    since: Position
    sent: Position | None = None
    moment: int = field(default=0, compare=False)
    past: Past | None = None
    by_view: bool = False

    @property
    def begins(self) -> Position:
        """Where a client begins that has heard nothing of the channel."""
        return self.since if self.past is None else self.past.begins

    @property
    def start(self) -> Start:
        """Where the subscription began, to make it again for another client."""
        return Start(self.since, self.past, by_view=self.by_view)


class Subscriptions(dict[str, Subscription]):
    """By channel, how a client stands; equal to a dict of the same.

    :param connections: those of the client's connections to this process that the registry knows.
    :param left: by channel, when the client left it.
    :param forgotten: the moment until which *left* may lack some.
    """

    __slots__ = ("connections", "forgotten", "left")

    def __init__(
        self,
        by_channel: Mapping[str, Subscription] | Iterable[tuple[str, Subscription]] = (),
        connections: Collection[str] = (),
        left: Mapping[str, int] | None = None,
        forgotten: int = 0,
    ) -> None:
        super().__init__(by_channel)
        self.connections = connections
        self.left = left or {}
        self.forgotten = forgotten

    @property
    def with_past(self) -> dict[str, Subscription]:
        """Those that begin with older messages."""
        return {name: one for name, one in self.items() if one.past is not None}

    def brought_to(self, present: Subscriptions) -> Subscriptions:
        """These, as they were known, together with those that the registry has at *present*."""
        known = Known().joined(self)
        lost, undead = present.lost(known), present.undead(known)
        together = {name: one for name, one in present.items() if name not in undead}
        together.update((name, self[name]) for name in lost)
        return Subscriptions(
            together, present.connections, _later(self.left, present.left), present.forgotten
        )

    def lost(self, known: Known) -> set[str]:
        """The channels that the client is *known* to be on, and is not here, though it has not left
        them since."""
        return {
            name
            for name, moment in known.moments.items()
            if name not in self and max(self.left.get(name, 0), self.forgotten) < moment
        }

    def undead(self, known: Known) -> set[str]:
        """The channels that the client is on here, and is *known* to have left since."""
        return {
            name
            for name, moment in known.left.items()
            if name in self and self[name].moment < moment
        }


_NONE: dict[str, int] = {}


@dataclass(frozen=True, slots=True)
class Known:
    """What a process knows of a client for one of its connections.

    :param moments: by channel that it is on, when it subscribed.
    :param left: by channel that it has left lately, when.
    """

    moments: Mapping[str, int] = field(default_factory=lambda: _NONE)
    left: Mapping[str, int] = field(default_factory=lambda: _NONE)

    def places(self, sent: Mapping[str, Position]) -> list[tuple[str, Position, int]]:
        """The channels that the connection is on, how far it was *sent*, and when it subscribed."""
        return [
            (name, position, self.moments[name])
            for name, position in sent.items()
            if name in self.moments
        ]

    def joined(self, present: Subscriptions) -> Known:
        """The same, once the connection is on the channels that it is on at *present*."""
        moments = {
            name: max(one.moment, self.moments.get(name, 0)) for name, one in present.items()
        }
        # Where the registry has forgotten when they were left, no later than this.
        gone = dict.fromkeys(self.moments.keys() - moments.keys(), present.forgotten)
        if not (gone or self.left or present.left):
            return Known(moments)
        left = _later(_later(self.left, present.left), gone)
        newest = sorted((at, name) for name, at in left.items() if name not in moments)
        return Known(moments, {name: at for at, name in newest[-MOST_LEFT:]})


def _later(some: Mapping[str, int], others: Mapping[str, int]) -> dict[str, int]:
    return {name: max(some.get(name, 0), others.get(name, 0)) for name in {*some, *others}}


def is_heard_by(
    digest: str,
    channel: str,
    subscriptions: Callable[[Collection[str]], Mapping[str, Subscriptions | None]],
) -> bool:
    """Return whether a client is subscribed to *channel*.

    False if the client has left the channel, and if the registry does not know the client any
    more: its page may just have gone.

    :param digest: names the client.
    :param subscriptions: the registry's reader.
    :raises NotSubscribed: if the client was never subscribed to *channel*, or if *digest* is none.
    """
    stands = subscriptions([digest]).get(digest) if is_digest(digest) else Subscriptions()
    if stands is None:
        return False
    if channel in stands or channel in stands.left or stands.forgotten:
        return channel in stands
    raise NotSubscribed(str(digest), channel)
