"""Tells to which view of an app a call leads, without running code of the app's converters."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BaseConverter, Map, Rule

from .call_route import split_uri
from .environ import OutsideOfApp, path_info

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

logger = logging.getLogger(__name__)


class CallViews:
    """The routes of an app, of whose converters only the patterns are left.

    By the patterns alone Werkzeug chooses the rule that a path fits. What converters make of the
    path may take a query of a database, and need a context.

    :param app: the app, whose routes are all there.
    """

    def __init__(self, app: Flask) -> None:
        own = app.url_map
        self._app = app
        #: Whether all routes of the app are known here.
        self.are_all = True
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

    def view_of(self, handshake: WSGIEnvironment, method: str, uri: Any) -> str:
        """Return the endpoint to which a call leads; empty if it leads to none.

        :param handshake: the WSGI environ of the socket's handshake, which tells the host, and
            under which path the app is mounted.
        :param method: the call's HTTP method.
        :param uri: the field of the message, which may be no path.
        """
        try:
            request = self._app.request_class(handshake, populate_request=False)
            own = self._app.create_url_adapter(request)
            path = own_path(handshake, split_uri(uri)[0])
            if own is None:
                return ""
            routes = self._routes.bind(own.server_name, subdomain=own.subdomain)
            return str(routes.match(path, method)[0])
        except (HTTPException, OutsideOfApp, ValueError):
            return ""

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


def own_path(handshake: WSGIEnvironment, path: str) -> str:
    """Return the decoded path within the app, as :attr:`flask.Request.path` has it.

    :param handshake: the WSGI environ of the socket's handshake.
    :param path: the percent-encoded path of a call.
    :raises OutsideOfApp: if the app is mounted under another path.
    """
    found = path_info(path, handshake.get("SCRIPT_NAME", ""))
    return found.encode("latin-1").decode(errors="replace")


def _pattern_of(converter: type[BaseConverter], url_map: Map) -> type[BaseConverter]:
    """Return a converter that takes the same texts as *converter*, and leaves them as they are."""

    class Pattern(BaseConverter):
        def __init__(self, _map: Map, *args: object, **kwargs: object) -> None:
            super().__init__(url_map)
            own = converter(url_map, *args, **kwargs)
            self.regex, self.weight = own.regex, own.weight
            self.part_isolating = own.part_isolating

    return Pattern
