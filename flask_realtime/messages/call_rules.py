"""The routes that clients may call over a socket: those that the app has opened to calls.

A proxy, a firewall, a rate limit or a WSGI middleware that guards a route by its path does not see
calls, which are messages of a WebSocket. Therefore a route takes no calls until the app opens it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, partial
from inspect import unwrap
from itertools import repeat
from types import MethodType
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import ref

from flask import Blueprint, Flask, request
from werkzeug.exceptions import NotFound

from ..config.settings import Config
from ..errors import InvalidMessage
from ..protocol.messages import MessageId, Reply, error_reply
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

Opened = TypeVar("Opened")

_MARK = "flask_realtime_allows_calls"
# Set on a function that is a method, and open to calls for some objects alone: a list of functions,
# each of which returns one of these objects, or None once that is gone.
_OBJECTS = "flask_realtime_opened_objects"
# Set on realtime.allow_calls itself, by which it is known among the decorators of a class.
_OPENS = "flask_realtime_opens_to_calls"
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


def open_to_calls(target: Opened) -> Opened:
    """Mark *target* as open to calls, and return it.

    Decorators that copy a function's attributes, as those with :func:`functools.wraps` do, copy the
    mark too, so that this decorator may stand above or below them.

    :param target: a view, a class of views, or a blueprint.
    :raises TypeError: if *target* is none of these.
    """
    if isinstance(target, MethodType):
        # Other objects, and classes that are not open, have the same function.
        _open_for(target.__self__, target.__func__)
        return target
    is_markable = callable(target) or isinstance(target, Blueprint)
    if not is_markable or isinstance(target, Flask):
        raise TypeError(
            f"allow_calls takes a view, a class of views or a blueprint, not {target!r}. To open a "
            f"whole app, set REALTIME_ALLOW_CALLS to True."
        )
    setattr(target, _MARK, True)
    return target


def opens_to_calls(decorator: Opened) -> Opened:
    """Have *decorator* known as one that opens to calls what it decorates; return it."""
    setattr(decorator, _OPENS, True)
    return decorator


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
        view = self._app.view_functions.get(endpoint)
        view_class = getattr(view, "view_class", None)
        function = method.lower()
        if method == "HEAD" and not hasattr(view_class, "head"):
            function = "get"
        blueprint = self._app.blueprints.get(endpoint.rpartition(".")[0])
        if _is_opened_at_each_request(view_class, method):
            return True
        return any(
            # The object's own attributes: a class does not inherit that its base class is open.
            _MARK in getattr(one, "__dict__", ()) or _is_opened_for_its_object(one)
            for one in (view, view_class, getattr(view_class, function, None), blueprint)
        )

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


def _open_for(owner: object, function: Any) -> None:
    """Open to calls the method of *owner* that *function* is."""
    found = [(one, one()) for one in getattr(function, _OBJECTS, ())]
    others = [one for one, its in found if its is not None and its is not owner]
    try:
        held: Callable[[], object] = ref(owner)
    except TypeError:
        # Its class has slots alone.
        held = partial(next, repeat(owner))
    setattr(function, _OBJECTS, [*others, held])


def _is_opened_for_its_object(view: Any) -> bool:
    """Return whether *view* is a method that is open, or a function that wraps one."""
    try:
        method = unwrap(view, stop=lambda one: isinstance(one, MethodType))
    except ValueError:  # It wraps itself, as by functools.wraps(view)(view).
        return False
    opened = getattr(method, _OBJECTS, ()) if isinstance(method, MethodType) else ()
    return any(one() is method.__self__ for one in opened)


def _is_opened_at_each_request(view_class: Any, method: str) -> bool:
    """Return whether a resource of Flask-RESTful or Flask-RESTX, by its ``method_decorators``,
    decorates the function for *method* with ``realtime.allow_calls`` at each request.

    Either is a list, for all methods, or has a list for each by its name in lower case.
    """
    decorators: Any = getattr(view_class, "method_decorators", ())
    if isinstance(decorators, Mapping):
        decorators = decorators.get(method.lower(), ())
    # Anything else, such as a property, is for the class's own code.
    is_list = isinstance(decorators, Iterable)
    return is_list and any(getattr(one, _OPENS, None) is True for one in decorators)
