"""Visits that keep the page: another view is shown in the document that is open already.

Boosted links of htmx make such visits, and so do forms and links with ``data-realtime`` that are
answered with a whole page. The subscriptions that decorators of the former view made end then.
"""

from __future__ import annotations

from flask import Request, Response, request

from ..html.block_requests import is_for_block
from ..identity.keys import CONNECTION_ID_HEADER
from ..page.client import HAS_ID_IN_ENVIRON
from ..page.stamping import IS_STAMPED_IN_ENVIRON
from ..page.withheld import is_session_withheld

#: One is set in an environ if the page that the request renders holds its connection id.
MARKS_OF_PAGES = frozenset([IS_STAMPED_IN_ENVIRON, HAS_ID_IN_ENVIRON])
# Set in the environ of a request that names its page by the header.
_NAMES_PAGE = "HTTP_" + CONNECTION_ID_HEADER.upper().replace("-", "_")
# htmx sends the first for boosted links and forms, and the second for a page of its history that it
# has not kept.
_VISITS_OF_HTMX = ("HX-Boosted", "HX-History-Restore-Request")
# The header of all requests of htmx. It may show only a part of the response, even of a whole page.
_ANY_OF_HTMX = "HX-Request"


def opens_no_page() -> bool:
    """Return whether nobody will see the page that this request renders with a socket of its own.

    A request for blocks takes parts of the page for another page that is open, or for none.
    """
    return request.method == "HEAD" or is_for_block() or is_session_withheld()


def is_visit(response: Response) -> bool:
    """Return whether *response* replaces the view that the page which asked for it shows.

    :param response: a successful response to a request of an open page.
    """
    if response.mimetype != "text/html" or response.status_code in (204, 205, 206):
        return False
    return _is_asked_by_htmx(request) or (
        IS_STAMPED_IN_ENVIRON in request.environ and _ANY_OF_HTMX not in request.headers
    )


def is_form_with_errors(response: Response) -> bool:
    """Return whether *response* is a whole page with status 422.

    The view of such a page may subscribe the open page, as if a browser had loaded it. The channels
    to which the former view subscribed the page stay: a script may look at the status alone, and go
    on showing its own page.

    :param response: a response to a request of an open page.
    """
    is_page = not MARKS_OF_PAGES.isdisjoint(request.environ)
    return response.status_code == 422 and response.mimetype == "text/html" and is_page


def asks_for_visit(request: Request) -> bool:
    """Return whether *request* is a visit by htmx, whatever its response will be."""
    return _NAMES_PAGE in request.environ and _is_asked_by_htmx(request)


def _is_asked_by_htmx(request: Request) -> bool:
    return any(request.headers.get(name) == "true" for name in _VISITS_OF_HTMX)
