"""Ids that sessions in the app's store have given up for others a moment ago.

Flask-Session names a session by an id in a cookie, and may give the session another id: at a log-in
by ``regenerate()``, and where ``disconnect(everywhere=True)`` ends what a thief may have copied. A
request that the browser sent before it had the other id finds nothing under its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from flask import Request

from ..flask_contexts import present_app
from ..identity.keys import id_digest
from ..page.former_session import keep_snapshot
from ..page.secret_keys import secret_keys_of
from ..page.session_ids import (
    HAD_GIVEN_UP_ID,
    given_up_cookie,
    has_unknown_id,
    note_id,
    session_cookie,
)
from ..page.user_loader import identify
from ..registries.records import Disconnect, End, SessionEnd
from .succession import belongs_to_another


class NodeOfIds(Protocol):
    """The part of this process's :class:`.Node` that :class:`GivenUpIds` needs."""

    def end(self, ends: Sequence[End], seconds: float | None = None) -> object:
        """Note ends: here at once, and elsewhere as soon as the registry takes them."""

    def has_ended(self, sessions: Sequence[str], heir: str) -> bool | None:
        """Return whether any of the sessions has ended; None: that is not known."""


class GivenUpIds:
    """Notes ids that are given up, and tells which requests come with one.

    An id is noted as a session that has ended, and so for as long as a page may take to open its
    socket (``REALTIME_CONNECT_TIMEOUT_SECONDS``): a request is not under way for longer. All
    processes are told of it, as of any session that has ended: no socket has such a name.

    :param node: returns the node of this process.
    """

    def __init__(self, node: Callable[[], NodeOfIds]) -> None:
        self._node = node

    def begin(self, request: Request) -> None:
        """Note how the session of a request came from the app's store.

        A request whose id the store does not hold can ask what has become of the id.
        """
        keep_snapshot(is_deep=bool(identify()))
        note_id()
        if has_unknown_id():
            request.environ[HAD_GIVEN_UP_ID] = self._was_given_up

    def note(self, seconds: float) -> None:
        """Note the id that the session has given up during the current request, if it has.

        :param seconds: how long the answer, which brings the other id, waits for the registry.
        """
        names = _names_of(given_up_cookie())
        if names:
            is_left = bool(identify()) and belongs_to_another()
            orders = [Disconnect(session=one, is_left=is_left) for one in names]
            self._node().end([*map(SessionEnd, names), *orders], seconds)

    def _was_given_up(self) -> bool:
        # Where that is not known, it counts as given up: else the answer would log the visitor out.
        return self._node().has_ended(names_of_id(), "") is not False


def names_of_id() -> list[str]:
    """Return the names under which the id of the request's session is noted once it is given up.

    There is one by the app's present secret key, and one by each earlier key. The list is empty if
    the session came by no id, or has given up its id during this request.
    """
    return [] if given_up_cookie() else _names_of(session_cookie())


def _names_of(cookie: str) -> list[str]:
    app = present_app()
    if not (cookie and app.secret_key):
        return []
    return [id_digest(secret, cookie) for secret in secret_keys_of(app)]
