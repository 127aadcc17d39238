"""Checks that the app has what ``REALTIME_ALLOW_CALLS`` lists: a slip there opens nothing."""

from __future__ import annotations

import difflib
import logging
import re
from collections.abc import Iterable, Iterator

from flask import Flask
from werkzeug.routing import Map, Rule

from ..config.settings import Config
from ..errors import InvalidSetting

logger = logging.getLogger(__name__)

# As Werkzeug reads it: the name of a converter, its arguments, and the name of the value.
_PLACEHOLDER = re.compile(r"<(?:([a-zA-Z_]\w*)(?:\(.*?\))?:)?[a-zA-Z_]\w*>")


def check_listed(app: Flask, config: Config) -> None:
    """Check that the app has the endpoints and paths that ``REALTIME_ALLOW_CALLS`` lists.

    An endpoint without a view is an error. A path, or a view, to which no route leads is worth a
    warning only: some apps find routes in ways of their own.

    :param app: an app whose routes are all registered.
    :param config: the settings of the app.
    :raises InvalidSetting: if the app lacks an endpoint; the error suggests the name that is most
        alike.
    """
    listed = config.allow_calls if isinstance(config.allow_calls, tuple) else ()
    endpoints = [one for one in listed if not one.startswith("/")]
    for name in endpoints:
        if name not in app.view_functions:
            raise InvalidSetting(
                f"REALTIME_ALLOW_CALLS names {name!r}, but the app has no such endpoint. "
                f"{_hint_for_endpoint(app, name)}"
            )
    rules = [one for one in app.url_map.iter_rules() if not (one.websocket or one.build_only)]
    if not listed or type(app.url_map) is not Map or any(type(one) is not Rule for one in rules):
        return
    for name in endpoints:
        if all(rule.endpoint != name for rule in rules):
            logger.warning(
                "REALTIME_ALLOW_CALLS names %r, but no route of the app leads to that endpoint, so "
                "that it opens nothing. Add a route to its view, or leave the name out.",
                name,
            )
    patterns = {one for rule in rules for one in _patterns_of(app, rule)}
    for path in listed:
        if path.startswith("/") and not any(_may_fit(path, one) for one in patterns):
            logger.warning(
                "REALTIME_ALLOW_CALLS lists the path %r, but no route of the app has such a path, "
                "so that it opens nothing. %s",
                path,
                _hint_for_path(path, patterns),
            )


def _hint_for_endpoint(app: Flask, name: str) -> str:
    if name in app.blueprints:
        return "It is a blueprint, which realtime.allow_calls(blueprint) opens."
    nearest = difflib.get_close_matches(name, app.view_functions, 1, 0.5)
    return f"Did you mean {nearest[0]!r}?" if nearest else "A path begins with '/'."


def _hint_for_path(path: str, patterns: Iterable[str]) -> str:
    # No pattern is named that opens more than its own route, as '/*' of '/<slug>' opens '/admin'.
    narrow = sorted(one for one in patterns if not one.startswith("/*") and "**" not in one)
    nearest = difflib.get_close_matches(path, narrow, 1)
    if nearest:
        return f"Did you mean {nearest[0]!r}?"
    return (
        "'*' stands for one part of a path, and '/**' at the end for all further parts; a prefix "
        "under which a server mounts the app is left out."
    )


def _patterns_of(app: Flask, rule: Rule) -> Iterator[str]:
    """Yield the paths that a rule may answer, as patterns: with '**' from where on they may have
    any parts."""

    def stand_in(found: re.Match[str]) -> str:
        converter = app.url_map.converters.get(found[1] or "default")
        return "*" if getattr(converter, "part_isolating", False) else "**"

    parts = _PLACEHOLDER.sub(stand_in, rule.rule).split("/")
    for number, part in enumerate(parts):
        if "**" in part:
            yield "/".join([*parts[:number], "**"])
            return
        if "*" in part:
            parts[number] = "*"
    pattern = "/".join(parts)
    yield pattern
    if not rule.strict_slashes:
        yield pattern[:-1] if pattern.endswith("/") else f"{pattern}/"


def _may_fit(path: str, pattern: str) -> bool:
    """Return whether there may be a path that fits a listed one and the pattern of a rule."""
    listed, own = path.split("/"), pattern.split("/")
    for one, part in zip(listed, own, strict=False):
        if "**" in (one, part):
            return True
        if one != part and (not part or "*" not in (one, part)):
            return False
    return len(listed) == len(own)
