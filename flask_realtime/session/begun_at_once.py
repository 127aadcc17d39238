"""Sessions that one browser begins at once, since it asks for several pages without a session."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from flask import Flask, Response, request

from ..errors import CloseCode, RegistryUnavailable
from ..flask_contexts import present_app, present_request
from ..identity.keys import new_connection_id, replaced_digest, session_of
from ..page.client import SOCKET_IN_ENVIRON, key_that_came, known_socket_key
from ..page.secret_keys import names_of_key, secret_keys
from ..registries.base import Registry
from ..registries.expiring import ExpiringDict
from ..registries.records import Disconnect, End
from ..threads import clock
from .pending_changes import TOLD_SALT, follow, pointer_to
from .remember_cookie import remembering_cookie
from .succession import orders_for

logger = logging.getLogger(__name__)

# Stands in the place of a page: what is noted concerns all pages of the browser.
_ALL_PAGES = "begun at once"
# For how long the sockets of a session come back: as long as a slow page may take to be answered.
_SECONDS = 60.0
_MOST_SESSIONS = 20
_MOST_KNOWN = 10_000
#: By it a page says, when it fetches what a message has changed, what the reply has told it.
SESSION_HEADER = "X-Realtime-Session"


class BeginningNode(Protocol):
    """The part of this process's :class:`.Node` that is needed here."""

    @property
    def registry(self) -> Registry:
        """Where is noted which session was begun last."""

    def end(self, ends: Sequence[End], seconds: float | None = None) -> object:
        """Carry out orders, here at once, and elsewhere as soon as the registry takes them."""


class BegunAtOnce:
    """Has the sockets of a session come back if the browser has got another session meanwhile.

    A browser that is started anew asks for several pages at once with nothing but the cookie by
    which Flask-Login remembers its user. Each answer begins a session, and the browser keeps the
    session of the last answer. A tab whose socket was open by then would go on with a session that
    the browser does not have: what its messages change, such as a log-out, would never reach the
    browser.

    Each answer has the sockets of all earlier sessions come back, and not only those of the last
    one: a handshake with an earlier session's cookie may be under way at the next answer.

    Flask-Login's cookie is the same in all browsers of a user. If another browser is started, the
    sockets of this one come back too, and go on.

    A client that never sends the cookie of its session begins a session by each request. Noting
    them would soon take a hundred times as much of the registry as the request itself. Therefore a
    process notes at most as many as are looked at, until it has noted none for a minute.

    :param node: returns the node of this process.
    """

    def __init__(self, node: Callable[[], BeginningNode]) -> None:
        self._node = node
        self._lock = threading.Lock()
        self._noted: ExpiringDict[str, int] = ExpiringDict(_SECONDS)

    def note(self, response: Response) -> None:
        """Note, behind *response*, the session that the request has begun, if it has."""
        # The cookie is looked at first, because few requests bring one.
        cookie = remembering_cookie()
        if not cookie or SOCKET_IN_ENVIRON in present_request().environ:
            return
        key = known_socket_key()
        if key is None or key_that_came() is not None:
            return
        app = present_app()
        where = replaced_digest(secret_keys()[0], cookie, _ALL_PAGES)
        if not self._are_too_many(where):
            response.call_on_close(partial(self._replace, app, where, names_of_key(key)[0]))

    def _are_too_many(self, where: str) -> bool:
        with self._lock:
            now = clock.monotonic()
            count = self._noted.get(where, now) or 0
            if count >= _MOST_SESSIONS:
                return True
            self._noted.put_among(where, count + 1, now, _MOST_KNOWN)
            return False

    def _replace(self, app: Flask, where: str, name: str) -> None:
        registry, now = self._node().registry, clock.now()
        try:
            noted = [follow(app, one) for one in registry.collect(where, new_connection_id())]
            begun = [one for text in noted for one in text.split() if _age(one, now) < _SECONDS]
            begun = [*begun, f"{name}@{now:.0f}"][-_MOST_SESSIONS:]
            registry.deposit(where, pointer_to(app, " ".join(begun)))
        except (RegistryUnavailable, ValueError) as error:
            logger.debug("Sessions that were begun at once are not told apart: %s", error)
            return
        names = [one.partition("@")[0] for one in begun[:-1]]
        self._node().end(orders_for(names, CloseCode.SERVICE_RESTART))


def orders_if_of_another_session(digests: Sequence[str]) -> list[End]:
    """Return what closes a page's socket if its message has changed a session that is not its
    browser's.

    The socket would go on to change a session that the browser does not have. This happens when a
    stranger opens several tabs at once: the browser brings no cookie by which :class:`BegunAtOnce`
    could know it. Call it in a request that fetches changes, and carry the orders out behind the
    answer.

    :param digests: the names under which changes may wait for the page that fetches them.
    """
    text = request.headers.get(SESSION_HEADER)
    # Without digests the browser has no session: the page is refused what it fetches.
    if not (text and digests):
        return []
    try:
        told = follow(present_app(), text, TOLD_SALT)
    except ValueError:
        return []
    if session_of(told) in map(session_of, digests):
        return []
    return [Disconnect(digest=told, code=CloseCode.SESSION_CHANGED)]


def _age(begun: str, now: float) -> float:
    return now - float(begun.partition("@")[2])
