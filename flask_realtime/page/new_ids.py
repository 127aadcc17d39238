"""Connection ids of pages that are being rendered."""

from __future__ import annotations

from collections.abc import Callable

from ..flask_contexts import present_app
from ..identity.keys import (
    SOCKET_KEY,
    dated_connection_id,
    new_connection_id,
    owned_connection_id,
)
from ..threads import clock
from .request_times import counts_from
from .sessions import present_session, value_in
from .user_loader import identify


def new_page_id(socket_key: Callable[[], str], identity: str | None) -> str:
    """Return an id for the page that the current request renders.

    Where the app knows users, the id of a user's page tells for which user it was rendered, and
    when it was asked for; that of a stranger's page tells when, if the browser session has a key.
    A page that hears nothing is not known to the registry; by its id the registry knows whether it
    is older than the last time at which its user was disconnected.

    :param socket_key: returns the key of the browser session; if it has none yet, the key that it
        is about to get.
    :param identity: the user that the session belongs to now; None: a stranger.
    """
    secret_key = present_app().secret_key
    if not (secret_key and identify()):
        return new_connection_id()
    if identity is None:
        key = value_in(present_session(), SOCKET_KEY)
        has_key = isinstance(key, str) and key
        return _dated_id(secret_key, key) if has_key else new_connection_id()
    return owned_connection_id(secret_key, _dated_id(secret_key, socket_key()), identity)


def _dated_id(secret_key: str | bytes, key: str) -> str:
    moment = clock.now() - (clock.monotonic() - counts_from())
    return dated_connection_id(secret_key, key, int(moment * 1000))
