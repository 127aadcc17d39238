"""When the current request came, and what it has revoked itself: for what is revoked while it is
under way."""

from __future__ import annotations

import time

from flask import has_request_context, request

from ..threads import clock

_CAME_AT = "flask_realtime.came_at"
_DISCONNECTED = "flask_realtime.disconnected"
_REVOKED_UNTIL = "flask_realtime.revoked_until"
# Registries keep moments in whole ms: of two that fall into the same one neither is later.
_MOMENT_SECONDS = 0.001


def note_arrival() -> None:
    """Note that the current request has just come; later calls do nothing."""
    request.environ.setdefault(_CAME_AT, clock.monotonic())


def note_revocation() -> None:
    """Note that the current request, if there is one, has just put a user out of a channel, or
    disconnected him."""
    if has_request_context():
        request.environ[_REVOKED_UNTIL] = clock.monotonic() + _MOMENT_SECONDS


def note_disconnect(user: str) -> None:
    """Note that the current request, if there is one, has just disconnected a user: what it gives
    the user from now on is meant to last.

    :param user: the identity of the user, percent-encoded.
    """
    note_revocation()
    if has_request_context():
        ended = request.environ.setdefault(_DISCONNECTED, {})
        ended[user] = request.environ[_REVOKED_UNTIL]


def let_revocation_pass() -> None:
    """Wait until a moment later than what the current request has revoked; for 1 ms at most."""
    until: float | None = request.environ.get(_REVOKED_UNTIL)
    if until is not None and (seconds := until - clock.monotonic()) > 0:
        time.sleep(seconds)


def came_at(user: str) -> float:
    """Return the moment of :func:`.clock.monotonic` at which the current request came; or, if it
    has disconnected *user* itself, the moment behind that."""
    environ = request.environ
    ended: dict[str, float] = environ.get(_DISCONNECTED) or {}
    came: float | None = ended.get(user, environ.get(_CAME_AT))
    return clock.monotonic() if came is None else came
