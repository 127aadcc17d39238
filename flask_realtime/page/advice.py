"""Warnings about slips that leave a page without pushes, logged once for each view."""

from __future__ import annotations

import contextlib
import logging
from typing import Any

from flask import current_app, request

logger = logging.getLogger(__name__)

_IS_DECORATED = "_is_below_realtime_subscribes"


def note_decorated(view: Any) -> None:
    """Remember that ``@realtime.subscribes`` decorates a function.

    The app's view should be the decorated function then: a view that is *view* itself subscribes
    nothing.
    """
    with contextlib.suppress(AttributeError):  # a bound method, say
        setattr(view, _IS_DECORATED, True)


class Advice:
    """Logs warnings about slips that cause no error, each once for each view of one app."""

    def __init__(self) -> None:
        self._given: set[tuple[str | None, str]] = set()
        self._has_told_of_cookie = False

    def page_without_body(self) -> None:
        """Warn that the page of the current request has the script, and no place for its id."""
        self._give(
            "The page of the view %r has realtime_script(), and no <body> tag: HTML lets one leave "
            "it out, but the page's id is written into it, and without an id the page hears no "
            "push. Spell out <body> in the template."
        )

    def page_of_view(self) -> None:
        """Warn that the view of the current request is not the decorated function."""
        view = current_app.view_functions.get(request.endpoint or "")
        if hasattr(view, _IS_DECORATED):
            self._give(
                "The page of the view %r is not subscribed: @realtime.subscribes stands above the "
                "route, which knows the undecorated function alone. Put it below the route, next "
                "to the function."
            )

    def session_cookie(self, *paths: str) -> None:
        """Say, once an app, that browsers send the session's cookie to other paths alone.

        :param paths: those of ours that need it, without the prefix at which the app is mounted.
        """
        own = current_app.session_interface.get_cookie_path(current_app).rstrip("/")
        missed = [path for path in paths if not f"{request.root_path}{path}/".startswith(f"{own}/")]
        if missed and not self._has_told_of_cookie:
            self._has_told_of_cookie = True
            logger.warning(
                "The session's cookie is for paths below %r (SESSION_COOKIE_PATH, else "
                "APPLICATION_ROOT), and %s is none: browsers come there without a session, and no "
                "socket opens (403). Set SESSION_COOKIE_PATH to a path above it, or REALTIME_PATH "
                "and REALTIME_URL_PREFIX to paths below that of the cookie.",
                own,
                f"{request.root_path}{missed[0]}",
            )

    def _give(self, text: str) -> None:
        if (request.endpoint, text) not in self._given:
            self._given.add((request.endpoint, text))
            logger.warning(text, request.endpoint)
