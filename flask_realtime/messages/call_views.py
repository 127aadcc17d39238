"""Tells to which views of an app a call leads, without running code of the app's converters."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn
from urllib.parse import unquote, urlsplit

from flask import Flask, Request
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import BaseConverter, Map, MapAdapter, RequestRedirect, Rule

from .environ import path_info

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

logger = logging.getLogger(__name__)

# The packages whose classes and functions are no code of the app.
_LIBRARIES = (__name__.partition(".")[0], "flask", "werkzeug")
# What a converter says of the texts that it takes, from which Werkzeug makes a pattern once.
_OF_PATTERNS = frozenset(["part_isolating", "regex", "weight"])


class Target(NamedTuple):
    """Where a call leads.

    :param endpoints: those of all views that may answer it; none if the app has no route for it.
    :param path: the decoded path within the app under which these views are.
    """

    endpoints: Sequence[str]
    path: str


class Unforeseen(Exception):
    """A function of the app decides where a call leads, which only a request of the app calls."""


class CallViews:
    """The routes of an app, without the code of the app's own that finds them.

    Where the app has none, its routes are asked as they are. Else a copy is asked, of whose
    converters only the patterns are left: by these alone Werkzeug chooses the rule that a path
    fits. What converters make of the path may take a query of a database, and need a context.

    :param app: the app, whose routes are all there.
    """

    def __init__(self, app: Flask) -> None:
        own = app.url_map
        self._app = app
        #: Whether all routes of the app are known here.
        self.are_all = True
        if not has_own_converters(own) and not has_own_redirects(own):
            self._routes = own
            return
        self._routes = Map(
            default_subdomain=own.default_subdomain,
            strict_slashes=own.strict_slashes,
            merge_slashes=own.merge_slashes,
            redirect_defaults=False,
            converters={name: _pattern_of(one, own) for name, one in own.converters.items()},
            host_matching=own.host_matching,
        )
        for rule in own.iter_rules():
            self._add(rule)

    def find(self, handshake: WSGIEnvironment, method: str, path: str) -> Target:
        """Return where a call leads.

        :param handshake: the WSGI environ of the socket's handshake, which tells the host, and
            under which path the app is mounted.
        :param method: the call's HTTP method.
        :param path: the percent-encoded path of the call.
        :raises OutsideOfApp: if the app is mounted under another path.
        :raises Unforeseen: if a function of the app redirects the call, if the app has other routes
            for its host or path or finds them in a way of its own, or if Werkzeug fails on it.
        """
        environ = dict(handshake)
        environ["PATH_INFO"] = path_info(path, handshake.get("SCRIPT_NAME", ""))
        # As Flask begins a request: by classes and functions that may be the app's own.
        context: Any = self._app.request_context(environ)
        # It would keep the request in memory until the garbage collector runs.
        environ.pop("werkzeug.request", None)
        request, own = context.request, context.url_adapter
        if own is None:
            return Target([], request.path)
        finds_otherwise = type(own) is not MapAdapter or _is_own(type(context).match_request)
        if finds_otherwise or own.map is not self._app.url_map:
            raise Unforeseen
        # Werkzeug takes no subdomain beside a host, and yet names an empty one from 3.2 on.
        subdomain = None if self._routes.host_matching else own.subdomain
        # Not the scheme of the handshake, with which only routes of WebSockets would be found.
        routes = self._routes.bind(own.server_name, own.script_name, subdomain)

        def match(path: str, method: str) -> str:
            return str(routes.match(path, method)[0])

        try:
            return Target([match(own.path_info, method)], request.path)
        except HTTPException as error:
            return target_of_error(error, request, request.path, method, match)
        except Exception:
            raise Unforeseen from None

    def _add(self, rule: Rule) -> None:
        try:
            self._routes.add(
                Rule(
                    rule.rule,
                    endpoint=rule.endpoint,
                    methods=rule.methods,
                    subdomain=rule.subdomain,
                    host=rule.host,
                    strict_slashes=rule.strict_slashes,
                    merge_slashes=rule.merge_slashes,
                    websocket=rule.websocket,
                    build_only=rule.build_only,
                    redirect_to=_unforeseen if _redirects_by_code(rule) else rule.redirect_to,
                )
            )
        except Exception:
            self.are_all = False
            # The app may have a class of rules, or converters, that make more of a rule's text.
            logger.warning(
                "Large calls of %r can't be told apart from calls that lead to no view.",
                rule.rule,
                exc_info=True,
            )


def has_own_converters(url_map: Map) -> bool:
    """Return whether code of the app finds routes: converters of its own, or a kind of map.

    A converter that gives nothing but a pattern runs no code for a path.
    """
    return (
        _is_own(type(url_map))
        or any(map(_converts_by_code, url_map.converters.values()))
        or any(map(_has_given_functions, url_map.iter_rules()))
    )


def has_own_redirects(url_map: Map) -> bool:
    """Return whether a function of the app says where a rule redirects."""
    return any(map(_redirects_by_code, url_map.iter_rules()))


def target_of_error(
    error: Exception,
    request: Request,
    path: str,
    method: str,
    match: Callable[[str, str], str],
) -> Target:
    """Return where a request leads that no view of its own answers.

    If its method is not allowed (405), it leads to all views of its path. If the app redirects it
    to the canonical form of its path, it leads to where the browser would go.

    :param error: what was raised when the request's route was looked for.
    :param request: the request, or the handshake of the socket that calls.
    :param path: the decoded path within the app.
    :param method: the request's HTTP method.
    :param match: returns the endpoint for a path and a method, or raises what Werkzeug does.
    """

    def found(path: str, methods: Sequence[str]) -> Target:
        endpoints = []
        for one in methods:
            try:
                endpoints.append(match(path, one))
            except HTTPException:
                continue
            except Exception:
                # A converter of the app has failed on the path. By HTTP none would run here.
                return Target([], path)
        return Target(endpoints, path)

    if isinstance(error, MethodNotAllowed):
        return found(path, list(error.valid_methods or ()))
    if isinstance(error, RequestRedirect):
        led = _path_of_url(error.new_url, request)
        return Target([], "") if led is None else found(led, [method])
    return Target([], path)


def _path_of_url(url: str, request: Request) -> str | None:
    """Return the path within this app that *url* leads to; None if it leads elsewhere."""
    try:
        parts, root = urlsplit(url), request.script_root
    except ValueError:
        # Werkzeug took it for the host that the handshake named, which is none.
        return None
    path = unquote(parts.path)
    if parts.netloc not in ("", request.host) or not path.startswith(f"{root}/"):
        return None
    return path.removeprefix(root)


def _is_own(kind: Any) -> bool:
    """Return whether a class, or a function of one, is the app's own."""
    return str(kind.__module__).partition(".")[0] not in _LIBRARIES


def _converts_by_code(converter: Callable[..., BaseConverter]) -> bool:
    """Return whether a converter does more than to give a pattern, when it is made.

    Werkzeug's own converters call functions by several names, of which a class may replace any.
    """
    if not isinstance(converter, type):
        return True
    return any(
        not name.startswith("__") and name not in _OF_PATTERNS
        for kind in filter(_is_own, converter.__mro__)
        for name in vars(kind)
    )


def _has_given_functions(rule: Rule) -> bool:
    """Return whether a converter of a rule was given a function when it was made, in place of one
    that its class has."""
    return any(
        callable(getattr(type(one), name, None))
        for one in rule._converters.values()
        for name in vars(one)
    )


def _redirects_by_code(rule: Rule) -> bool:
    return callable(rule.redirect_to)


def _unforeseen(*_: object, **__: object) -> NoReturn:
    raise Unforeseen


def _pattern_of(converter: type[BaseConverter], url_map: Map) -> type[BaseConverter]:
    """Return a converter that takes the same texts as *converter*, and leaves them as they are."""

    class Pattern(BaseConverter):
        def __init__(self, _map: Map, *args: object, **kwargs: object) -> None:
            super().__init__(url_map)
            own = converter(url_map, *args, **kwargs)
            self.regex, self.weight = own.regex, own.weight
            self.part_isolating = own.part_isolating

    return Pattern
