"""Ends the session that a request came with, and gives it the key that it has from then on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple, Protocol

from flask import Response, current_app, request, session

from ..errors import CloseCode
from ..identity.keys import SOCKET_KEY, new_socket_key
from ..page.client import Client, key_that_came, known_socket_key, session_names
from ..page.cookie_sessions import has_cookie_session
from ..page.session_ids import renew_id
from ..page.sessions import save_on_trial
from ..registries.records import End
from .known_ends import KnownEnds
from .late_answers import IS_CLEARED, IS_ENDED, TAKES_END
from .logins import is_remembered
from .succession import (
    ends_of,
    has_new_key,
    is_repetition,
    is_worth_saving,
    may_be_copied,
    names_nobody,
    new_successor,
    orders_for,
)

#: Set in the environ of a request whose session has changed hands, and could not be saved.
IS_UNSAVED = "flask_realtime.is_unsaved"
#: How long a log-out waits for the registry to note it: no page comes back once it is answered.
PATIENCE_SECONDS = 0.25


class EndingNode(Protocol):
    """The part of this process's :class:`.Node` that :class:`Turnover` needs."""

    @property
    def known_ends(self) -> KnownEnds:
        """The sessions whose end this process knows of."""

    def end(self, ends: Sequence[End], seconds: float | None = None) -> int | None:
        """End something: here at once, and elsewhere as soon as the registry takes it.

        :param seconds: how long to wait for the registry; None: as long as one call may take.
        :returns: how many ms ago one of the sessions had ended, at least 1; 0 if none had ended;
            None if that is not known.
        """

    def has_just_ended(self, sessions: Sequence[str], since: float | None = None) -> bool:
        """Return whether any of the sessions ended since a moment (None: within a minute)."""


class _Past(NamedTuple):
    """What had become of the session before the request ended it.

    :param was_over: whether it had ended already; None: that is not known.
    :param is_repeated: whether it had ended only a moment before.
    :param successor: the key that it gets if it had not ended.
    """

    was_over: bool | None
    is_repeated: bool
    successor: str


class Turnover:
    """Turns a session over that has changed hands, was cleared, or was ended by the app.

    :param node: returns the node of this process.
    """

    def __init__(self, node: Callable[[], EndingNode]) -> None:
        self._node = node

    def run(self, client: Client | None, response: Response) -> bool:
        """End the session that the request came with, and give it the key that it is to have.

        :returns: whether the session is to be saved.
        """
        if client is not None and client.is_over and not client.successor:
            # It has no key yet.
            request.environ[IS_ENDED] = True
            renew_id()
            return True
        is_copy = may_be_copied()
        if not is_copy:
            _give_new_key(client)
            self._check_saving(client)
        request.environ[IS_ENDED] = True
        past = self._end(client, response, is_copy)
        if not is_copy:
            self._leave(client, response)
        elif not _give_key_to_copy(client, past):
            return False
        if client is not None and client.is_over and known_socket_key() != key_that_came():
            renew_id()
        return True

    def _check_saving(self, client: Client | None) -> None:
        """Save the session before its end is noted, which nobody can take back.

        Flask saves it once more, for the cookie and behind the end. If that fails here, nobody
        knows which session the store holds: the sockets come back, and are asked for the session as
        it is then. What the app has ended itself has ended in any case, and what an interface saves
        in a way of its own; and of a user whom nothing but a cookie has logged in, the session may
        be none to save.
        """
        if (client is not None and client.is_over) or is_remembered():
            return
        try:
            save_on_trial()
        except BaseException:
            request.environ[IS_UNSAVED] = True
            self._node().end(orders_for(session_names(), CloseCode.SERVICE_RESTART))
            raise

    def _end(self, client: Client | None, response: Response, is_copy: bool) -> _Past:
        """End the session, unless the app has; its sockets are closed behind the response."""
        if client is not None and client.is_over:
            return _Past(client.was_over, client.is_repeated, client.successor)
        names = session_names()
        was_just_over = self._node().has_just_ended(names)
        successor = new_successor(client)
        socket = None if client is None else client.socket
        if socket is not None:
            socket.disconnect_behind_reply()
        # If the session is no copy, it gets a new key in any case. If it was a message, its changes
        # wait in the registry next, behind the session's end.
        seconds = None if is_copy or socket is not None else PATIENCE_SECONDS
        ended_ago = self._node().end(ends_of(client, names, successor if is_copy else ""), seconds)
        orders = orders_for(names, CloseCode.SESSION_CHANGED, is_left=not is_copy)
        response.call_on_close(partial(self._node().end, orders))
        return _Past(is_over(ended_ago), was_just_over or is_repetition(ended_ago), successor)

    def _leave(self, client: Client | None, response: Response) -> None:
        """Note that the browser gets another session, that of another user or of nobody."""
        names = session_names()
        for name in names:
            self._node().known_ends.leave(name)
        if client is not None and client.is_over:
            # When the app ended the session, nobody knew yet whose it would be. A socket that is
            # open still hears of it here first, where a page fetches what a message of another
            # process has changed a moment ago: its page is loaded anew.
            is_taken = TAKES_END in request.environ
            code = CloseCode.SESSION_CHANGED if is_taken else CloseCode.NORMAL
            orders = orders_for(names, code, is_left=True)
            response.call_on_close(partial(self._node().end, orders))


def is_over(ended_ago: int | None) -> bool | None:
    """Return whether a session had ended so many ms ago; None: that is not known."""
    return None if ended_ago is None else ended_ago > 0


def _give_new_key(client: Client | None) -> None:
    """Give a key to a session that is another user's by now, or nobody's."""
    before, now = key_that_came(), known_socket_key()
    if _waits_for_browser(client):
        _give_back_key()
    elif now == before or not (now is None or has_new_key(client)):
        session[SOCKET_KEY] = new_socket_key()


def _give_key_to_copy(client: Client | None, past: _Past) -> bool:
    """Give the same user's session its key, as :mod:`.succession` says; return whether the session
    is to be saved."""
    before, now = key_that_came(), known_socket_key()
    if _waits_for_browser(client):
        _give_back_key()
    elif past.was_over is False:
        session[SOCKET_KEY] = past.successor
    elif names_nobody(client):
        # It was emptied: nothing is left that its former key could bring back.
        _give_new_key(client)
    elif not is_worth_saving(past.is_repeated) or (past.is_repeated and now == before):
        return False
    else:
        # This may be a log-in of the app's own, but anybody with a copy of the ended cookie can
        # make a request that looks the same.
        session[SOCKET_KEY] = before
    return True


def _waits_for_browser(client: Client | None) -> bool:
    """Return whether the browser comes with its present key to take what the request changes."""
    return client is not None and client.socket is not None and has_cookie_session(current_app)


def _give_back_key() -> None:
    """Give the session the key that it came with, and note whether it had lost that."""
    if known_socket_key() != key_that_came():
        session[SOCKET_KEY] = key_that_came()
        request.environ[IS_CLEARED] = True
