"""What a client is subscribed to, and who knows it better where two know it differently.

A last-writer-wins map: every subscription, and every end of one, carries the moment at which it was
made, by the registry's clock in milliseconds, and later than any that its client had before (a
hybrid logical clock: Kulkarni et al., "Logical Physical Clocks", 2014). A process that has noted a
client at a moment knows of all changes until then. What the registry has of later ones is news, of
the same moment too: one that has lost the moments it gave may give one again. Where it differs
otherwise it has lost something, as a Redis does that goes back to a snapshot, and the process knows
better.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass, field

from ..positions import Position

# So many channels that a client has left are remembered; more, and those who have not heard of it
# yet take the registry's word.
MOST_LEFT = 100


@dataclass(frozen=True, slots=True)
class Subscription:
    """How a client stands on one channel.

    :param since: where the log stood when the client subscribed.
    :param sent: how far its last socket had been sent, None if it had none.
    :param moment: when it subscribed last.
    """

    since: Position
    sent: Position | None = None
    moment: int = field(default=0, compare=False)


class Subscriptions(dict[str, Subscription]):
    """By channel, how a client stands; equal to a dict of the same.

    :param at: the moment of the last change; 0: there was none.
    :param tokens: those of the client's connections to this process that the registry knows.
    :param left: by channel, when the client left it.
    :param forgotten: the moment until which *left* may lack some.
    """

    __slots__ = ("at", "forgotten", "left", "tokens")

    def __init__(
        self,
        by_channel: Mapping[str, Subscription] | Iterable[tuple[str, Subscription]] = (),
        at: int = 0,
        tokens: Collection[str] = (),
        left: Mapping[str, int] | None = None,
        forgotten: int = 0,
    ) -> None:
        super().__init__(by_channel)
        self.at = at
        self.tokens = tokens
        self.left = left or {}
        self.forgotten = forgotten

    def lost(self, channels: Set[str], moment: int) -> set[str]:
        """Those of *channels*, on which the client was known to be at a *moment*, that it is not
        subscribed to any more, and has never left."""
        return {
            name
            for name in channels - self.keys()
            if max(self.left.get(name, 0), self.forgotten) < moment
        }

    def undead(self, channels: Set[str], moment: int) -> set[str]:
        """The subscriptions made before a *moment* at which the client was known to be on
        *channels* alone: it has left them since, and that was lost."""
        return {name for name, one in self.items() if name not in channels and one.moment < moment}
