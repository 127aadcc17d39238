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

    def _give(self, text: str) -> None:
        if (request.endpoint, text) not in self._given:
            self._given.add((request.endpoint, text))
            logger.warning(text, request.endpoint)
