"""Finds the page that a request names: by its header, its query, a form or JSON."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from io import BytesIO

from flask import Request
from werkzeug.exceptions import HTTPException

from ..flask_contexts import present_app, present_request
from ..identity.keys import CONNECTION_ID, CONNECTION_ID_HEADER, is_connection_id
from ..identity.origins import is_allowed_origin

logger = logging.getLogger(__name__)

#: Where an app's extensions hold the further origins of ``REALTIME_ALLOWED_ORIGINS``.
ALLOWED_ORIGINS = "realtime_allowed_origins"

# A larger body that the view has not read is not read for an id either: anybody may send one to any
# page, and JSON takes 25 times its size in memory when it is parsed.
MOST_BODY_BYTES = 64 * 1024

_BODILESS = ("GET", "HEAD")
# The values of Sec-Fetch-Site if a page of the app's own origin asks, or no page at all.
_OWN_SITES = ("same-origin", "none")
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def open_page(reads_body: bool) -> str | None:
    """Return the id of the open page that made this request; None: the request renders a page.

    Anybody can write a link, or a form, with an id of their own in it, and have a visitor follow
    it. Therefore a navigation always leads to a new page, whatever id the request names. Only a
    script can make other requests: those may name their page anywhere. If the browser does not say
    whether it navigates, only the header and JSON count, which no navigation can send. The same
    holds if a page of another origin asks: it may have an image, or a script that sends a form.

    :param reads_body: False: look at a form or at JSON only if the view has read it already.
    """
    request = present_request()
    mode = request.headers.get("Sec-Fetch-Mode")
    if mode == "navigate":
        return None
    is_by_script = mode is not None and _is_of_own_page(request)
    return _first(_ids(request, reads_body, is_by_script))


def asking_page(reads_body: bool) -> str | None:
    """Return the id of the page that made this request, None if the request names none.

    Only for ``include_self=False``: a navigation may name a page here.
    """
    return _first(_ids(present_request(), reads_body, is_by_script=True))


def _is_of_own_page(request: Request) -> bool:
    """Return whether the browser says that a page asks whose origin may open sockets, too."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if origin is None or site == "same-origin":
        return site is None or site in _OWN_SITES
    allowed = present_app().extensions.get(ALLOWED_ORIGINS, ())
    return is_allowed_origin(origin, request.scheme, request.host, allowed)


def _ids(request: Request, reads_body: bool, is_by_script: bool) -> Iterator[object]:
    yield request.headers.get(CONNECTION_ID_HEADER)
    if is_by_script:
        yield request.args.get(CONNECTION_ID)
    # Werkzeug keeps what it has parsed in the request's dict. To read a body that the view has not
    # read could take long, and could answer 413 where the view would not have.
    is_form, read = is_by_script and request.mimetype in _FORMS, vars(request)
    if reads_body and (is_form or request.is_json) and _is_small_and_unread(request):
        _parse_body(request)
    if is_form and "form" in read:
        yield request.form.get(CONNECTION_ID)
    if request.is_json and "_cached_data" in read:
        yield _id_in_json(request)


def _is_small_and_unread(request: Request) -> bool:
    size, read = request.content_length or 0, vars(request)
    if not 0 < size <= MOST_BODY_BYTES or request.method in _BODILESS:
        return False
    return "form" not in read and ("stream" not in read or "_cached_data" in read)


def _parse_body(request: Request) -> None:
    """Parse the body, and leave all of it to the view, which may check a signature of its bytes.

    A body that is none names no page. The view may not look at it, and gets the error if it does.
    """
    try:
        body = request.get_data()
    except HTTPException:
        # The app takes less, or the client has gone.
        return
    try:
        _parsed = request.form  # first, since Werkzeug takes the stream for it
    except HTTPException:
        # A form of 64 KB may have more fields than an app takes.
        pass
    finally:
        vars(request)["stream"] = BytesIO(body)


def _id_in_json(request: Request) -> object:
    try:
        body = request.get_json(silent=True)
    except RecursionError:
        # Flask is silent of what is no JSON, but not of lists within thousands of lists.
        return None
    return body.get(CONNECTION_ID) if isinstance(body, dict) else None


def _first(named: Iterator[object]) -> str | None:
    for one in named:
        if is_connection_id(one):
            return one
        if one is not None:
            logger.debug("A malformed connection id was ignored: %.200r", one)
    return None
