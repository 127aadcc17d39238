"""What the log says, once for each view, of pages that will hear nothing by a slip."""

from __future__ import annotations

import contextlib
import logging
from typing import Any

from flask import current_app, request

logger = logging.getLogger(__name__)

_IS_DECORATED = "_is_below_realtime_subscribes"


def note_decorated(view: Any) -> None:
    """Remember of a function that ``@realtime.subscribes`` decorates it.

    The function itself should be no view then, but what the decorator made of it.
    """
    with contextlib.suppress(AttributeError):  # a bound method, say
        setattr(view, _IS_DECORATED, True)


class Advice:
    """Warns of slips that nothing else tells, each once for each view of one app."""

    def __init__(self) -> None:
        self._given: set[tuple[str | None, str]] = set()

    def page_without_body(self) -> None:
        """Say that the page of the current request has our script, and no place for its id."""
        self._give(
            "The page of the view %r has realtime_script(), and no <body> tag: HTML lets one leave "
            "it out, but the page's id is written into it, and without an id the page hears no "
            "push. Spell out <body> in the template."
        )

    def page_of_view(self) -> None:
        """Say that the view of the current request is not the function that subscribes its page."""
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
