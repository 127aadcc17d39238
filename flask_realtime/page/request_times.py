"""Notes when the current request came, and what it has revoked.

A user may be disconnected, or put out of a channel, while a request of the user is under way. By
these times the registry tells what the request asked for before the revocation from what it asked
for after it.
"""

from __future__ import annotations

import time

from flask import Request, has_request_context, request

from ..request_hooks import CAME_AT
from ..threads import clock

_DISCONNECTED = "flask_realtime.disconnected"
_REVOKED_UNTIL = "flask_realtime.revoked_until"
# Registries keep times in whole ms: of two times within the same ms neither is later.
_MOMENT_SECONDS = 0.001
# Until when a request counts as having come in the same moment in which this process last revoked
# anything, in a request or not.
_last_revoked_until = 0.0


def note_arrival(request: Request) -> None:
    """Note that *request* has just come; later calls do nothing."""
    request.environ.setdefault(CAME_AT, clock.monotonic())


def note_revocation() -> None:
    """Note that a user was just put out of a channel, or disconnected."""
    global _last_revoked_until
    until = _last_revoked_until = clock.monotonic() + _MOMENT_SECONDS
    if has_request_context():
        request.environ[_REVOKED_UNTIL] = until


def note_disconnect(user: str) -> None:
    """Note that a user was just disconnected.

    What the current request grants to the user from now on is meant to last. Nothing is noted
    outside of a request.

    :param user: the user, as :func:`.user_of` writes it.
    """
    note_revocation()
    if has_request_context():
        ended = request.environ.setdefault(_DISCONNECTED, {})
        ended[user] = request.environ[_REVOKED_UNTIL]


def let_revocation_pass() -> None:
    """Wait until the time is later than the last revocation before the current request, or by it:
    1 ms at most."""
    seconds = _revoked_until() - clock.monotonic()
    if seconds > 0:
        time.sleep(seconds)


def arrived_at() -> float:
    """Return when the current request came, by :func:`.clock.monotonic`."""
    return request.environ.get(CAME_AT) or clock.monotonic()


def decided_at() -> float:
    """Return the earliest time at which the request may have looked up what its user may hear.

    That is when the request came, by :func:`.clock.monotonic`; or right after its own last
    revocation, since a request may put a user out of a channel and let the user in again.
    """
    return max(arrived_at(), _revoked_until())


def counts_from(user: str | None = None) -> float:
    """Return from when on the current request counts, by :func:`.clock.monotonic`.

    That is when it came; or right after it has disconnected *user* itself, since what it grants
    from then on is meant to last.

    :param user: the user, as :func:`.user_of` writes it; None: the last that it has disconnected.
    """
    ended: dict[str, float] = request.environ.get(_DISCONNECTED) or {}
    if user is None:
        return max([arrived_at(), *ended.values()])
    return ended.get(user, arrived_at())


def _revoked_until() -> float:
    """Return until when the last revocation by the current request, or right before it, counts.

    :returns: a time by :func:`.clock.monotonic`; 0 if there was none.
    """
    own: float = request.environ.get(_REVOKED_UNTIL) or 0.0
    came_behind = arrived_at() >= _last_revoked_until - _MOMENT_SECONDS
    return max(own, _last_revoked_until if came_behind else 0.0)
