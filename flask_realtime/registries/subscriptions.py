"""What a client is subscribed to, and how two differing states of it are merged.

It is a last-writer-wins map. Every subscription, and every end of one, has the time at which it was
made: in ms, by the registry's clock, and later than any earlier change of its client (a hybrid
logical clock: Kulkarni et al., "Logical Physical Clocks", 2014). For each channel the later change
counts, in whatever order states are merged (a state-based CRDT: Shapiro et al., 2011), unless too
many ends have been forgotten. Therefore what a registry has lost, such as a Redis that goes back to
a snapshot, can be told from what is new, and several processes that know a client can write it
again without undoing each other's changes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from ..errors import NotSubscribed
from ..identity.keys import is_digest
from ..protocol.positions import Position
from ..protocol.starts import Past, Start

# Shorter lags, in ms, are not written again with a client that the registry has lost: an end that
# is told late would have to fall into them.
LONG_LAG = 100
# How many channels that a client has left are remembered. If a client leaves more, all of them are
# forgotten at once: processes that know older subscriptions then believe the registry, and those
# that the registry has lost stay lost.
MOST_LEFT = 100


@dataclass(frozen=True, slots=True)
class Subscription:
    """One client's subscription to one channel.

    :param since: the log's tail when the client subscribed.
    :param sent: the position up to which the client's last socket was sent; None: it had no socket.
    :param moment: when the client last subscribed, in ms by the registry's clock.
    :param past: the older messages with which the subscription begins, None if there are none.
    :param by_view: whether the decorator of a view made the subscription, and nobody else.
    :param lag: how many ms before *moment* a request last asked for the subscription. Its user may
        have been put out of the channel in between, and the registry be told of it later.
    """

    since: Position
    sent: Position | None = None
    moment: int = field(default=0, compare=False)
    past: Past | None = None
    by_view: bool = False
    lag: int = field(default=0, compare=False)

    @property
    def asked(self) -> int:
        """When a request last asked for the subscription, in ms by the registry's clock."""
        return self.moment - self.lag

    @property
    def begins(self) -> Position:
        """The position at which a client begins that was sent nothing yet."""
        return self.since if self.past is None else self.past.begins

    @property
    def start(self) -> Start:
        """The start with which the same subscription can be made for another client."""
        return Start(self.since, self.past, by_view=self.by_view)


class Subscriptions(dict[str, Subscription]):
    """A client's subscriptions by channel: a dict with more attributes.

    :param by_channel: the subscriptions.
    :param connections: the client's connections to this process that the registry knows.
    :param left: for each channel that the client has left, when, in ms.
    :param forgotten: the time until which *left* may be incomplete, in ms; 0: it is
        complete.
    :param ends: the tails of the logs of channels when the client left these, as far as they are
        known.
    :param begun: where the subscriptions had begun that the client left there.
    """

    __slots__ = ("begun", "connections", "ends", "forgotten", "left")

    def __init__(
        self,
        by_channel: Mapping[str, Subscription] | Iterable[tuple[str, Subscription]] = (),
        connections: Collection[str] = (),
        left: Mapping[str, int] | None = None,
        forgotten: int = 0,
        ends: Mapping[str, Position] | None = None,
        begun: Mapping[str, Position] | None = None,
    ) -> None:
        super().__init__(by_channel)
        self.connections = connections
        self.left = left or {}
        self.forgotten = forgotten
        self.ends = ends or {}
        self.begun = begun or {}

    @property
    def with_past(self) -> dict[str, Subscription]:
        """The subscriptions that begin with older messages."""
        return {name: one for name, one in self.items() if one.past is not None}

    def brought_to(self, present: Subscriptions) -> Subscriptions:
        """Return these subscriptions merged with those that the registry has at *present*."""
        known = Known().joined(self)
        lost, undead = present.lost(known), present.undead(known)
        together = {name: one for name, one in present.items() if name not in undead}
        together.update((name, self[name]) for name in lost)
        return Subscriptions(
            together, present.connections, _later(self.left, present.left), present.forgotten
        )

    def lost(self, known: Known) -> set[str]:
        """Return the channels that are *known*, missing here, and were not left since."""
        return {
            name
            for name, moment in known.moments.items()
            if name not in self and max(self.left.get(name, 0), self.forgotten) < moment
        }

    def undead(self, known: Known) -> set[str]:
        """Return the channels that are here, and are *known* to have been left since."""
        return {
            name
            for name, moment in known.left.items()
            if name in self and self[name].moment < moment
        }


_NONE: dict[str, int] = {}


@dataclass(frozen=True, slots=True)
class Known:
    """What a process knows of a client's subscriptions, for one connection of the client.

    :param moments: for each channel that the client is on, when it subscribed, in ms.
    :param left: for each channel that the client has left lately, when, in ms.
    :param by_view: the channels to which the decorator of a view subscribed the client, and nobody
        else.
    :param lags: the lags of the subscriptions (see :class:`Subscription`) that are long.
    """

    moments: Mapping[str, int] = field(default_factory=lambda: _NONE)
    left: Mapping[str, int] = field(default_factory=lambda: _NONE)
    by_view: tuple[str, ...] = ()
    lags: Mapping[str, int] = field(default_factory=lambda: _NONE)

    def subscriptions(self, sent: Mapping[str, Position]) -> dict[str, Subscription]:
        """Return the subscriptions as they are made again where the registry has lost them.

        :param sent: by channel, how far the client was sent.
        """
        return {
            name: Subscription(
                position,
                position,
                self.moments[name],
                by_view=name in self.by_view,
                lag=self.lags.get(name, 0),
            )
            for name, position in sent.items()
            if name in self.moments
        }

    def without(self, left: Mapping[str, int]) -> Known:
        """Return this, with channels that the client has left, and when that was, in ms.

        What it has asked for since is not touched. The subscriptions are still to be read.
        """
        later = {name: at for name, at in left.items() if self.moments.get(name, 0) < at}
        return replace(self, left=_newest(_later(self.left, later))) if later else self

    def joined(self, present: Subscriptions) -> Known:
        """Return this, brought up to date with the client's *present* subscriptions."""
        moments = {
            name: max(one.moment, self.moments.get(name, 0)) for name, one in present.items()
        }
        # When they were left is not known, but it was no later than this.
        gone = dict.fromkeys(self.moments.keys() - moments.keys(), present.forgotten)
        by_view = tuple([name for name, one in present.items() if one.by_view])
        lags = {name: lag for name, one in present.items() if (lag := self._long_lag(name, one))}
        if not (gone or self.left or present.left):
            return Known(moments, _NONE, by_view, lags or _NONE)
        ended = _later(_later(self.left, present.left), gone)
        left = _newest({name: at for name, at in ended.items() if name not in moments})
        return Known(moments, left, by_view, lags or _NONE)

    def _long_lag(self, name: str, present: Subscription) -> int:
        """Return the lag of the later subscription: this one or the *present* one."""
        if present.moment < self.moments.get(name, 0):
            return self.lags.get(name, 0)
        return present.lag if present.lag >= LONG_LAG else 0


def is_heard_by(
    digest: str,
    channel: str,
    subscriptions: Callable[[Collection[str]], Mapping[str, Subscriptions | None]],
) -> bool:
    """Return whether a client is subscribed to *channel*.

    False if the client has left the channel, and if the registry no longer knows the client, whose
    page may just have gone.

    :param digest: the client's digest.
    :param subscriptions: the registry's method :meth:`.Registry.subscriptions`.
    :raises NotSubscribed: if the client was never subscribed to *channel*, or if *digest* cannot be
        a digest.
    """
    stands = subscriptions([digest]).get(digest) if is_digest(digest) else Subscriptions()
    if stands is None:
        return False
    if channel in stands or channel in stands.left or stands.forgotten:
        return channel in stands
    raise NotSubscribed(str(digest), channel)


def _later(some: Mapping[str, int], others: Mapping[str, int]) -> dict[str, int]:
    return {name: max(some.get(name, 0), others.get(name, 0)) for name in {*some, *others}}


def _newest(left: Mapping[str, int]) -> Mapping[str, int]:
    """Return the latest of the channels that a client has left, as many as are remembered."""
    if len(left) <= MOST_LEFT:
        return left
    return {name: at for at, name in sorted((at, name) for name, at in left.items())[-MOST_LEFT:]}
