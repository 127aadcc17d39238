"""How long a registry keeps what, and how much of it."""

from __future__ import annotations

from typing import NamedTuple

from ..config.settings import Config

#: How long the id of a push is remembered, so that a repeat of the push is none.
PUSH_ID_SECONDS = 300.0
#: How long the same taker gets again what it has collected, from the first time on: amply longer
#: than a browser goes on asking whose answer was lost.
TAKEN_SECONDS = 60.0
# No browser lets a thousand calls wait that changed its session, and one that never comes for what
# waits must not fill the registry.
MOST_WAITING = 1000
MOST_WAITING_BYTES = 1024 * 1024
# A process that has connected a client reads the logs of the client's channels within this time at
# most, and keeps the channels from then on.
_UNTIL_READ_SECONDS = 10.0
# At least twice the time between two refreshes of one process.
_BETWEEN_REFRESHES_SECONDS = 600.0


class Lifetimes(NamedTuple):
    """Seconds for which things live on after they were last used.

    :param history: the entries of a log, after its last push.
    :param awaited_client: a client whose socket has never come, after its last subscription.
    :param client: a client whose socket has left, or whose process no longer refreshes it.
    :param awaited_channel: a channel, after somebody subscribed to it or read its log: a little
        longer than *awaited_client*.
    :param channel: a channel that a process hears, after the process's last refresh: longer than
        the *client* whose socket the process holds.
    """

    history: float
    awaited_client: float
    client: float
    awaited_channel: float
    channel: float

    @classmethod
    def of(cls, config: Config) -> Lifetimes:
        """Return those that the settings ask for."""
        client, awaited = config.disconnect_timeout_seconds, config.connect_timeout_seconds
        return cls(
            history=config.history_ttl_seconds,
            awaited_client=awaited,
            client=client,
            awaited_channel=awaited + min(awaited, _UNTIL_READ_SECONDS),
            channel=client + min(client, _BETWEEN_REFRESHES_SECONDS),
        )
