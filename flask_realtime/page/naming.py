"""Which page a request names: by its header, its query, a form or JSON."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from flask import request

from ..identity.keys import CONNECTION_ID, CONNECTION_ID_HEADER, is_connection_id

logger = logging.getLogger(__name__)

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def open_page(reads_body: bool) -> str | None:
    """Return the id of the open page that acts by this request, None where a page is rendered.

    Anybody can write a link, or a form, with an id of his own in it, and have a visitor follow it:
    the page that such a navigation leads to is a new one, whatever the request names. A request
    that is none, as only a script can make it, may name its page anywhere. Where the browser does
    not say what it is, our header and JSON, which no navigation sends, are heeded alone.

    :param reads_body: False looks at a form or at JSON only if the view has read it already.
    """
    mode = request.headers.get("Sec-Fetch-Mode")
    if mode == "navigate":
        return None
    return _first(_ids(reads_body, is_by_script=mode is not None))


def asking_page(reads_body: bool) -> str | None:
    """Return the id of the page that made this request, None where none is named: that page is
    left out where an app says so, and nothing else."""
    return _first(_ids(reads_body, is_by_script=True))


def _ids(reads_body: bool, is_by_script: bool) -> Iterator[object]:
    yield request.headers.get(CONNECTION_ID_HEADER)
    if is_by_script:
        yield request.args.get(CONNECTION_ID)
    # What Werkzeug has parsed it keeps in the request's dict. To read a body that the view left
    # alone could take long, and answer 413 where the view would not have.
    read = vars(request._get_current_object())  # type: ignore[attr-defined]
    if is_by_script and request.mimetype in _FORMS and (reads_body or "form" in read):
        yield request.form.get(CONNECTION_ID)
    if request.is_json and (reads_body or "_cached_data" in read):
        body = request.get_json(silent=True)
        yield body.get(CONNECTION_ID) if isinstance(body, dict) else None


def _first(named: Iterator[object]) -> str | None:
    for one in named:
        if is_connection_id(one):
            return str(one)
        if one is not None:
            logger.debug("A malformed connection id was ignored: %.200r", one)
    return None
