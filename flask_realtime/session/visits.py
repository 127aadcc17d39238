"""Visits that keep the page: another view is shown in the document that is open already.

htmx's boosted links do so, and whoever asks for a whole page by the client of ours. What decorators
of the page's former view had subscribed it to ends with such a visit.
"""

from __future__ import annotations

from flask import Response, request

from ..identity.keys import CONNECTION_ID_HEADER
from ..page.stamping import IS_STAMPED_IN_ENVIRON

# htmx asks for a page by a boosted link or form, and for one of its history that it has not kept.
_VISITS_OF_HTMX = ("HX-Boosted", "HX-History-Restore-Request")
# Of all other answers to htmx a part may be shown, whatever they are.
_ANY_OF_HTMX = "HX-Request"


def is_visit(response: Response) -> bool:
    """Return whether *response*, which an open page asked for, takes the place of what it shows.

    :param response: one that succeeds.
    """
    if response.mimetype != "text/html" or response.status_code in (204, 205, 206):
        return False
    return _is_asked_by_htmx() or (
        IS_STAMPED_IN_ENVIRON in request.environ and _ANY_OF_HTMX not in request.headers
    )


def asks_for_visit() -> bool:
    """Return whether an open page asks for another view by htmx, whatever that view answers."""
    return CONNECTION_ID_HEADER in request.headers and _is_asked_by_htmx()


def _is_asked_by_htmx() -> bool:
    return any(request.headers.get(name) == "true" for name in _VISITS_OF_HTMX)
