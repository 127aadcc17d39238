"""Which routes may be called over a socket: those that the app has opened.

What guards a route by its path in front of the app (a proxy, a WSGI middleware, a firewall, a rate
limit) does not see a call. So nothing can be called that the app has not opened.
"""

from __future__ import annotations

import difflib
import logging
from collections.abc import Sequence
from types import MethodType
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from flask import Blueprint, Flask, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import RequestRedirect

from ..config.settings import Config
from ..errors import InvalidSetting
from .call_paths import fits, is_disguised

logger = logging.getLogger(__name__)

Opened = TypeVar("Opened")

_MARK = "flask_realtime_allows_calls"


class CallRefused(Exception):
    """A call of a route that the app has not opened; its client is answered 421, and told why."""


def open_to_calls(target: Opened) -> Opened:
    """Mark *target*, a view, a class of views or a blueprint, as one that may be called.

    A decorator that copies a function's attributes, as ``functools.wraps`` has it do, hands the
    mark on, so that it does not matter which of the two stands above.

    :raises TypeError: if *target* is something else.
    """
    marked = target.__func__ if isinstance(target, MethodType) else target
    is_markable = callable(marked) or isinstance(marked, Blueprint)
    if not is_markable or isinstance(marked, Flask):
        raise TypeError(
            f"allow_calls takes a view, a class of views or a blueprint, not {target!r}. To open a "
            f"whole app, set REALTIME_ALLOW_CALLS to True."
        )
    setattr(marked, _MARK, True)
    return target


class CallRules:
    """Tells which requests of *app* may be made over a socket.

    :param config: has ``REALTIME_ALLOW_CALLS``.
    """

    def __init__(self, app: Flask, config: Config) -> None:
        self._app = app
        self._allowed = config.allow_calls
        self._told: set[str | None] = set()

    def check_any(self) -> None:
        """Refuse every call of an app that takes none.

        :raises CallRefused: if ``REALTIME_ALLOW_CALLS`` is False.
        """
        if self._allowed is False:
            raise CallRefused("This app takes no calls over a socket (REALTIME_ALLOW_CALLS).")

    def check(self, path: str) -> None:
        """Refuse the current request if its route is not open. No function of the app has run.

        A request that the app would answer with 405, or with a redirect to the same path written
        otherwise, is judged by the routes that it names.

        :param path: the request's, as the caller wrote it.
        :raises CallRefused: with what its client is told.
        """
        if self._allows_everything():
            return
        routed, own_path = self._routed()
        if routed and all(self._is_marked(endpoint) for endpoint in routed):
            return
        if self._is_listed(routed, own_path, path):
            return
        self._warn(routed[0] if routed else None)
        raise CallRefused(
            "This can't be called over a socket: its view lacks @realtime.allow_calls, and "
            "REALTIME_ALLOW_CALLS does not name it. Ask by HTTP."
        )

    def _allows_everything(self) -> bool:
        if self._allowed is None:
            return self._app.debug or self._app.testing
        return self._allowed is True

    def _routed(self) -> tuple[list[str], str]:
        """The endpoints that the request leads to, none if it is unknown, and the path to them."""
        error = request.routing_exception
        if error is None:
            return [request.endpoint or ""], request.path
        if isinstance(error, MethodNotAllowed):
            methods = error.valid_methods or ()
            found = [self._match(request.path, method) for method in methods]
            return [one for one in found if one is not None], request.path
        if isinstance(error, RequestRedirect):
            path = self._own_path(error.new_url)
            one = None if path is None else self._match(path, request.method)
            return ([] if one is None else [one]), path or ""
        return [], request.path

    def _match(self, path: str, method: str) -> str | None:
        adapter = self._app.create_url_adapter(request._get_current_object())  # type: ignore[attr-defined]
        try:
            return adapter.match(path, method)[0] if adapter is not None else None
        except HTTPException:
            return None

    def _own_path(self, url: str) -> str | None:
        """The app's path that *url* names, None if it is another app's."""
        parts, root = urlsplit(url), request.script_root
        path = unquote(parts.path)
        if parts.netloc not in ("", request.host) or not path.startswith(f"{root}/"):
            return None
        return path.removeprefix(root)

    def _is_marked(self, endpoint: str) -> bool:
        view = self._app.view_functions.get(endpoint)
        of_class = getattr(view, "view_class", None)
        method = "get" if request.method == "HEAD" else request.method.lower()
        blueprint = self._app.blueprints.get(endpoint.rpartition(".")[0])
        return any(
            # Of the object itself: a class that inherits from an open one is not open for it.
            _MARK in getattr(one, "__dict__", ())
            for one in (view, of_class, getattr(of_class, method, None), blueprint)
        )

    def _is_listed(self, endpoints: Sequence[str], own_path: str, path: str) -> bool:
        if not isinstance(self._allowed, tuple):
            return False
        if endpoints and all(endpoint in self._allowed for endpoint in endpoints):
            return True
        if is_disguised(path) or is_disguised(own_path):
            return False
        return any(fits(own_path, one) for one in self._allowed if one.startswith("/"))

    def _warn(self, endpoint: str | None) -> None:
        """Tell it once for each view: whoever calls decides how often."""
        if endpoint in self._told:
            return
        self._told.add(endpoint)
        logger.warning(
            "A call of %s was refused (421), and its client told to ask by HTTP. To answer calls "
            "of it, mark it with @realtime.allow_calls or name it in REALTIME_ALLOW_CALLS; rules "
            "by path in front of the app do not see calls.",
            "a path without a view" if endpoint is None else f"the view {endpoint!r}",
        )


def check_endpoints(app: Flask, config: Config) -> None:
    """Check that the endpoints in ``REALTIME_ALLOW_CALLS`` are there.

    :raises InvalidSetting: naming one that is not, and the nearest that is.
    """
    listed = config.allow_calls if isinstance(config.allow_calls, tuple) else ()
    for name in listed:
        if name.startswith("/") or name in app.view_functions:
            continue
        nearest = difflib.get_close_matches(name, app.view_functions, 1, 0.5)
        hint = f"Did you mean {nearest[0]!r}?" if nearest else "A path begins with '/'."
        raise InvalidSetting(
            f"REALTIME_ALLOW_CALLS names {name!r}, and the app has no such endpoint. {hint}"
        )
