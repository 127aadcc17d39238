"""The names by which the registry may know the client of a handshake."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from ..identity.keys import date_of, digest, is_anothers, session_of
from ..identity.users import user_of
from ..registries.subscriptions import Subscriptions
from ..threads import clock
from ..transport.handshake import Handshake


class Names(NamedTuple):
    """The names of one client.

    :param digest: the client's own.
    :param other_sessions: of its browser session, besides the one that is part of *digest*: by the
        other secret keys that the app knows.
    :param user: of the user that the session belongs to; None: a stranger.
    :param asked_at: when the page was asked for, by :func:`.clock.monotonic`; None: its id does not
        tell.
    :param is_anothers: whether the page was rendered for another user.
    """

    digest: str
    other_sessions: Sequence[str]
    user: str | None
    asked_at: float | None = None
    is_anothers: bool = False


def names_of(
    handshake: Handshake,
    secret_keys: Sequence[str | bytes],
    known: Callable[[Sequence[str]], Mapping[str, Subscriptions | None]],
) -> Names:
    """Return the names of the client of a handshake.

    A page that was rendered under an earlier secret key keeps the name that it got then, as long
    as that key is among the app's; a log-out finds it under both.

    :param secret_keys: the app's secret key, and behind it those that were in use before.
    :param known: asks the registry how clients stand; asked only where there are earlier keys.
    :raises RegistryUnavailable: if Redis did not answer in time.
    """
    digests = [
        digest(one, handshake.socket_key, handshake.connection_id, handshake.identity)
        for one in secret_keys
    ]
    chosen, others = digests[0], []
    if len(digests) > 1:
        found = known(digests)
        chosen = next((one for one in digests if found.get(one) is not None), chosen)
        others = [session_of(one) for one in digests if one != chosen]
    date = date_of(handshake.connection_id, secret_keys, handshake.socket_key)
    # A moment and not an age: the handshake may have to wait before the registry is told.
    asked_at = None if date is None else clock.monotonic() - max(0.0, clock.now() - date / 1000)
    user, page = handshake.identity, handshake.connection_id
    is_foreign = user is not None and is_anothers(page, secret_keys, user)
    return Names(chosen, others, user_of(user), asked_at, is_foreign)
