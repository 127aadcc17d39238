"""Tells to which view of an app the address of a call leads, without running code of the app."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from urllib.parse import unquote, urlsplit

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, RoutingException, Rule

# A variable part of a rule: the name of its converter, that converter's arguments, its own name.
_VARIABLE = re.compile(r"<(?:(\w+)(?:\([^<>]*\))?:)?(\w+)>")


class CallViews:
    """The routes of an app, in which each variable part stands for any text.

    Converters are the app's: they may query a database, and need a context.

    :param app: the app, whose routes are all there.
    """

    def __init__(self, app: Flask) -> None:
        converters = app.url_map.converters

        def plain(part: re.Match[str]) -> str:
            is_within_segment = getattr(converters.get(part[1]), "part_isolating", True)
            return f"<{part[2]}>" if is_within_segment else f"<path:{part[2]}>"

        self._routes = Map(strict_slashes=False, merge_slashes=False)
        for rule in app.url_map.iter_rules():
            # What cannot be read here counts with the addresses that lead nowhere.
            with suppress(ValueError):
                if not rule.build_only:
                    self._routes.add(Rule(_VARIABLE.sub(plain, rule.rule), endpoint=rule.endpoint))

    def below(self, prefix: str) -> Callable[[str], str]:
        """Return :meth:`view_of` for an app that is mounted under *prefix*."""
        return partial(self.view_of, prefix=prefix)

    def view_of(self, address: str, prefix: str) -> str:
        """Return the endpoint to which the address of a call leads; empty if there is none.

        :param prefix: the path under which the app is mounted.
        """
        try:
            path = unquote(urlsplit(address).path).removeprefix(prefix)
            return str(self._routes.bind("").match(path)[0])
        except (HTTPException, RoutingException, ValueError):
            return ""
