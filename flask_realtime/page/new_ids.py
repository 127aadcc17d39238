"""Connection ids of pages that are being rendered."""

from __future__ import annotations

from ..flask_contexts import present_app
from ..identity.keys import (
    SOCKET_KEY,
    dated_connection_id,
    new_connection_id,
    owned_connection_id,
)
from ..threads import clock
from .request_times import asked_at
from .sessions import present_session, value_in
from .user_loader import identify


def new_page_id() -> str:
    """Return an id for the page that the current request renders.

    Where the app knows users, the id of a user's page tells for which user it was rendered; and
    where the browser session has a key, the id tells when the page was asked for. A page that hears
    nothing is not known to the registry; by its id the registry knows whether it is older than the
    last time at which its user was disconnected.
    """
    secret_key = present_app().secret_key
    if not (secret_key and identify()):
        return new_connection_id()
    connection_id, identity = _dated_id(secret_key), identify().ask(present_session())
    if identity is None:
        return connection_id
    return owned_connection_id(secret_key, connection_id, identity)


def _dated_id(secret_key: str | bytes) -> str:
    key = value_in(present_session(), SOCKET_KEY)
    if not (isinstance(key, str) and key):
        return new_connection_id()
    moment = clock.now() - (clock.monotonic() - asked_at())
    return dated_connection_id(secret_key, key, int(moment * 1000))
