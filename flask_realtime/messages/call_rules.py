"""The routes that clients may call over a socket: those that the app has opened to calls.

A proxy, a firewall, a rate limit or a WSGI middleware that guards a route by its path does not see
calls, which are messages of a WebSocket. Therefore a route takes no calls until the app opens it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flask import Flask, request
from werkzeug.exceptions import NotFound

from ..config.settings import Config
from ..errors import InvalidMessage
from ..protocol.messages import MessageId, Reply, error_reply
from .call_marks import is_opened
from .call_paths import fits, is_ambiguous
from .call_route import METHODS, split_uri
from .call_views import (
    CallViews,
    Target,
    Unforeseen,
    has_own_converters,
    has_own_redirects,
    target_of_error,
)
from .environ import OutsideOfApp

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

logger = logging.getLogger(__name__)

# How many characters the path of a call may have; few addresses are as long. To find the route of a
# path takes time by the square of its length where a rule has two parts of type path, say: half a
# minute for 240 KB, during which nothing else runs.
LONGEST_PATH = 2000


class CallRefused(Exception):
    """A client called a route that the app has not opened to calls, or by a path that is very long,
    or one whose reply is likely to be large while many large ones are being read.

    The client gets the message of this exception with status 421, and may ask by HTTP.
    """


def refusal(message_id: MessageId, error: CallRefused) -> Reply:
    """Return the reply to a call that is refused: the client is to ask by HTTP."""
    return error_reply(message_id, 421, str(error))._replace(refused="call")


def outside_of_app(message_id: MessageId, error: OutsideOfApp) -> Reply:
    """Return the reply to a call of a path that is not below the one under which the app is."""
    return error_reply(message_id, 404, f"The app has no path {str(error)!r}.")


class CallRules:
    """Decides which requests clients may make over a socket.

    :param app: the app that answers the requests.
    :param config: the settings of the app; ``REALTIME_ALLOW_CALLS`` is used.
    """

    def __init__(self, app: Flask, config: Config) -> None:
        self._app = app
        self._allowed = config.allow_calls
        self._warned_of: set[str | None] = set()

    def check_any(self, uri: Any) -> None:
        """Refuse a call whose route is not even looked for.

        :param uri: the field of the message, which may be wrong.
        :raises CallRefused: if ``REALTIME_ALLOW_CALLS`` is False, or the path is too long.
        """
        if self._allowed is False:
            raise CallRefused(
                "This app allows no calls over a socket, because REALTIME_ALLOW_CALLS is False. "
                "Ask by HTTP."
            )
        if isinstance(uri, str) and len(uri) > LONGEST_PATH:
            length = len(uri.partition("#")[0].partition("?")[0])
            if length > LONGEST_PATH:
                raise CallRefused(
                    f"The path of this call has {length:,} characters, and may have "
                    f"{LONGEST_PATH:,}. Ask by HTTP."
                )

    def check_request(self, path: str) -> None:
        """Refuse the current request if its route is not open to calls.

        Call it before any function of the app runs. A request that no route answers, because its
        method is not allowed (405) or because the app redirects it to the canonical form of its
        path, is judged by the routes that have this path.

        :param path: the path of the request, as the caller wrote it.
        :raises CallRefused: if the route is not open to calls.
        """
        if not self._allows_everything():
            self._check(self._target_of_request(), request.method, path)

    def check_message(self, handshake: WSGIEnvironment, method: Any, uri: Any) -> None:
        """Refuse the call that a message asks for, as :meth:`check_request` would refuse it.

        Call it before a request is made of the call, which takes up to 25 ms for a large one. It
        makes calls of open routes slower, since they are judged twice; and making a request of a
        small call takes no longer. So it is meant for large calls, for calls behind a refused one,
        and where :attr:`finds_by_own_code`.

        :param handshake: the WSGI environ of the socket's handshake.
        :param method: the field of the message, which may be wrong.
        :param uri: the field of the message, which may be wrong.
        :raises CallRefused: if the route is not open to calls.
        :raises OutsideOfApp: if the app is mounted under another path.
        """
        if not self._allows_everything():
            self.view_of(handshake, str(method).upper(), uri)

    def view_of(self, handshake: WSGIEnvironment, method: str, uri: Any) -> str:
        """Return the endpoint to which a call leads, before a request is made of it.

        :param handshake: the WSGI environ of the socket's handshake.
        :param method: the HTTP method, which may be wrong.
        :param uri: the field of the message, which may be wrong.
        :returns: the endpoint, any of them if several views have this path; empty if the call
            leads to none, or to one that is not known yet.
        :raises CallRefused: if the route is not open to calls.
        :raises OutsideOfApp: if the app is mounted under another path.
        """
        try:
            path = split_uri(uri)[0]
            target = self.views.find(handshake, method, path)
        except (InvalidMessage, Unforeseen):
            # The code that makes the request says what is wrong, or asks the app where it leads.
            return ""
        if method in METHODS and self.views.are_all and not self._allows_everything():
            self._check(target, method, path)
        return target.endpoints[0] if target.endpoints else ""

    @cached_property
    def finds_by_own_code(self) -> bool:
        """Whether code of the app finds routes, in converters of its own: a request runs it, and it
        may ask a database for whatever a client names, also on routes that are not open."""
        return has_own_converters(self._app.url_map)

    @cached_property
    def may_run_code(self) -> bool:
        """Whether code of the app may run while a route is found: also where a rule redirects."""
        return self.finds_by_own_code or has_own_redirects(self._app.url_map)

    @cached_property
    def views(self) -> CallViews:
        """Where a call leads; made when it is first asked, when the app has its routes."""
        return CallViews(self._app)

    def _check(self, target: Target, method: str, path: str) -> None:
        endpoints = target.endpoints
        if endpoints and all(self._is_marked(endpoint, method) for endpoint in endpoints):
            return
        if self._is_listed(endpoints, target.path, path):
            return
        self._warn(endpoints[0] if endpoints else None)
        raise CallRefused(
            "This route can't be called over a socket: its view lacks @realtime.allow_calls, and "
            "REALTIME_ALLOW_CALLS does not name it. Ask by HTTP."
        )

    def _allows_everything(self) -> bool:
        if self._allowed is None:
            return self._app.debug or self._app.testing
        return self._allowed is True

    def _target_of_request(self) -> Target:
        error = request.routing_exception
        if error is None:
            return Target([request.endpoint or ""], request.path)
        return target_of_error(error, request, request.path, request.method, self._match)

    def _match(self, path: str, method: str) -> str:
        adapter = self._app.create_url_adapter(request._get_current_object())  # type: ignore[attr-defined]
        if adapter is None:
            raise NotFound
        return str(adapter.match(path, method)[0])

    def _is_marked(self, endpoint: str, method: str) -> bool:
        blueprint = self._app.blueprints.get(endpoint.rpartition(".")[0])
        return is_opened(self._app.view_functions.get(endpoint), blueprint, method)

    def _is_listed(self, endpoints: Sequence[str], own_path: str, path: str) -> bool:
        if not isinstance(self._allowed, tuple):
            return False
        if endpoints and all(endpoint in self._allowed for endpoint in endpoints):
            return True
        if is_ambiguous(path) or is_ambiguous(own_path):
            return False
        return any(fits(own_path, one) for one in self._allowed if one.startswith("/"))

    def _warn(self, endpoint: str | None) -> None:
        """Log that a call was refused, once for each view: clients could fill the log otherwise."""
        if endpoint in self._warned_of:
            return
        self._warned_of.add(endpoint)
        logger.warning(
            "A call of %s was refused (421), and the client was told to ask by HTTP. To answer "
            "such calls, mark the view (its class, or the method of that) with "
            "@realtime.allow_calls, or name it in REALTIME_ALLOW_CALLS; note that a proxy's rules "
            "for paths do not apply to calls.",
            "a path without a view" if endpoint is None else f"the view {endpoint!r}",
        )
