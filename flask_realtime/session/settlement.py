"""The end of a request: whose session it is now, and what its page may hear."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from flask import Flask, Response, current_app, request, session

from ..errors import CloseCode
from ..identity.keys import SOCKET_KEY, new_socket_key
from ..page.client import (
    Client,
    came,
    client_so_far,
    current_client,
    is_touched,
    known_socket_key,
    present_identity,
    session_names,
)
from ..page.identify import identify
from ..page.revocations import note_arrival
from ..page.sessions import has_cookie_session, keep_snapshot, present_session
from ..registries.base import Registry
from ..registries.records import Disconnect
from .endings import Step
from .grants import Grants
from .visits import asks_for_visit

#: In the environ of a request whose browser session has ended, with all that it was granted.
IS_ENDED = "flask_realtime.is_ended"
_IS_SETTLED = "flask_realtime.is_settled"


class Process(Protocol):
    """What a settlement needs of this process."""

    @property
    def registry(self) -> Registry: ...

    def end(self, steps: Sequence[Step]) -> None:
        """Have the registry told of an end, sooner or later."""


class Settlement:
    """Looks at each request when its response is made.

    A session that belongs to somebody else than when the request came, or that was cleared, gets
    another socket key. A tombstone is left for the earlier one first; once the response has been
    sent, and with it the browser's next cookie, the sockets of the earlier session are closed
    everywhere.

    :param process: returns this process.
    :param grants: what the page of the request may hear.
    """

    def __init__(self, process: Callable[[], Process], grants: Grants) -> None:
        self._process = process
        self._grants = grants

    def init_app(self, app: Flask) -> None:
        """Look at the requests of *app* from now on."""

        def begin(endpoint: str | None, values: object) -> None:
            note_arrival()
            if not has_cookie_session(app):
                keep_snapshot()

        app.url_value_preprocessor(begin)
        # Flask calls the first of these last: whatever the app does to its session is done then.
        app.after_request_funcs.setdefault(None, []).insert(0, self._settle)

    def end_session(self) -> None:
        """End at once what the browser session that sent this request was granted.

        Its sockets are closed (1000), and none of its pages comes back. Never raises for want of
        the registry. The session gets another socket key at the end of the request; that of a
        message, when its browser takes over what the message changed.
        """
        client = current_client()
        names = session_names()
        if not names:
            return
        client.is_over = True
        if client.socket is not None:
            client.socket.disconnect_behind_reply()
        self._process().end([*self._tombstones(client, names), *self._disconnects(names)])

    def disconnect(self, client: Client) -> None:
        """Close the sockets of one page (1000). Never raises for want of the registry."""
        if not client.exists:
            return
        if client.socket is not None:
            client.socket.disconnect_behind_reply()
        registry = self._process().registry
        orders = [Disconnect(digest=digest) for digest in client.digests()]
        self._process().end([partial(registry.disconnect, order) for order in orders])

    def _settle(self, response: Response) -> Response:
        is_visited = asks_for_visit()
        if not (is_visited or is_touched()):
            return response
        environ = request.environ
        if _IS_SETTLED in environ:
            return response
        environ[_IS_SETTLED] = True
        client = current_client() if is_visited else client_so_far()
        # Of a handshake no cookie reaches the browser.
        if response.status_code == 101:
            return response
        if _has_changed(client):
            self._turn_over(client, response)
        if client is None:
            return response
        return self._grants.settle(client, response, present_identity())

    def _turn_over(self, client: Client | None, response: Response) -> None:
        """Give a session that is another's now, or nobody's, another key, and end the earlier."""
        request.environ[IS_ENDED] = True
        socket = None if client is None else client.socket
        if client is None or not client.is_over:
            names = session_names()
            if socket is not None:
                socket.disconnect_behind_reply()
            self._process().end(self._tombstones(client, names))
            steps = self._disconnects(names, CloseCode.SESSION_CHANGED)
            response.call_on_close(partial(self._process().end, steps))
        before, now = came().socket_key, known_socket_key()
        if socket is not None and has_cookie_session(current_app):
            # The browser comes with its present key to take what the message has changed.
            if now != before:
                session[SOCKET_KEY] = before
        elif now == before:
            session[SOCKET_KEY] = new_socket_key()

    def _tombstones(self, client: Client | None, names: Sequence[str]) -> list[Step]:
        heir = "" if client is None or client.socket is None else client.socket.heir
        registry = self._process().registry
        return [partial(registry.end_session, name, heir) for name in names]

    def _disconnects(self, names: Sequence[str], code: CloseCode = CloseCode.NORMAL) -> list[Step]:
        registry = self._process().registry
        return [partial(registry.disconnect, Disconnect(session=name, code=code)) for name in names]


def _has_changed(client: Client | None) -> bool:
    """Whether the session that came is nobody's now, or another's, or was ended by the app."""
    if client is not None and client.is_over:
        return True
    if not present_session().modified:
        return False
    key = known_socket_key()
    # Only a session that was cleared loses its key; opening it again to see takes time.
    was_begun = client is not None and client.has_begun_session
    if key is not None and not was_begun and not identify():
        return False
    before = came()
    if before.socket_key is None:
        return False
    return key != before.socket_key or present_identity() != before.identity
