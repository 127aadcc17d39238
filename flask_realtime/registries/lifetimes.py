"""How long, and how much, a registry keeps."""

from __future__ import annotations

from typing import NamedTuple

from ..config.settings import Config

#: For how many seconds the id of a push is remembered, so that a repeat of the push is recognised.
PUSH_ID_SECONDS = 300.0
#: For how many seconds the same taker gets again what it has collected: longer than a browser goes
#: on asking if the answer was lost.
TAKEN_SECONDS = 60.0
# How many items may wait for a session: more than any browser leaves, and few enough that a browser
# that never fetches them does not fill the registry.
MOST_WAITING = 1000
MOST_WAITING_BYTES = 1024 * 1024
#: How many channels that a user was put out of are remembered. Beyond that the older half is
#: forgotten: the user counts as put out of every channel at the last of their moments.
MOST_LEFT_BY_USER = 1000
# Within this time a process that has connected a client reads the logs of the client's channels,
# and keeps the channels from then on.
_UNTIL_READ_SECONDS = 10.0
# At least twice the time between two refreshes by one process.
_BETWEEN_REFRESHES_SECONDS = 600.0


class Lifetimes(NamedTuple):
    """For how many seconds things are kept after they were last used.

    :param history: a log's entries, after the last push.
    :param awaited_client: a client that has had no socket yet, after its last subscription.
    :param client: a client whose socket has left, or whose process no longer refreshes it.
    :param awaited_channel: a channel, after a client subscribed to it or its log was read: a little
        longer than *awaited_client*.
    :param channel: a channel that a process hears, after the process's last refresh: longer than
        *client*.
    :param unheard: a channel that no process hears any more, as far as pushes by pattern are kept
        in its log, after the last refresh by a process that heard it: a little longer than
        *history*, so that a page that is away finds what it has missed.
    """

    history: float
    awaited_client: float
    client: float
    awaited_channel: float
    channel: float
    unheard: float

    @classmethod
    def of(cls, config: Config) -> Lifetimes:
        """Return the lifetimes that the settings ask for."""
        client, awaited = config.disconnect_timeout_seconds, config.connect_timeout_seconds
        history = config.history_ttl_seconds
        awaited_channel = awaited + min(awaited, _UNTIL_READ_SECONDS)
        return cls(
            history=history,
            awaited_client=awaited,
            client=client,
            awaited_channel=awaited_channel,
            channel=client + min(client, _BETWEEN_REFRESHES_SECONDS),
            unheard=min(history, client) + awaited_channel,
        )
