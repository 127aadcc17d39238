"""Requests for blocks: a page fetches parts of itself anew, by HTTP, from its own view.

The request is a GET of the page's own address that names the blocks in a header; the view runs and
renders the whole page, and the response's body is replaced by the blocks that the page holds.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable
from itertools import chain
from typing import Any, Protocol

from flask import (
    Flask,
    Response,
    after_this_request,
    current_app,
    g,
    has_app_context,
    has_request_context,
    request,
)

from ..threads import clock
from .blocks import WantedBlocks, want_blocks, wanted_blocks

logger = logging.getLogger(__name__)

#: Names the wanted blocks in a request, apart by spaces, and those that came in its response.
HEADER = "X-Realtime-Block"
#: In a request: what the page has of them, as ``name=hash``, apart by spaces.
HASH_HEADER = "X-Realtime-Block-Hash"

#: More blocks than any page has: a header does not make the server remember more.
MOST_BLOCKS = 50
#: A page that is streamed is held to be rendered up to this size.
MOST_PAGE_BYTES = 4 << 20
RETRY_AFTER_SECONDS = 1

_NAME = re.compile(r"[^\W\d]\w{0,99}")
_TURN = "_flask_realtime_block_turn"
# In the environ of a request for blocks: the page that its view has returned, and whether blocks
# are its answer.
_PAGE = "flask_realtime.page"
_IS_ANSWERED = "flask_realtime.blocks_are_answered"
# Until Flask 3.2 the functions of teardown_appcontext run without the request.
_IS_FOR_BLOCK = "_flask_realtime_is_for_block"
# What a cache in front of the app would keep a response by, whatever Cache-Control says.
_CACHE_HEADERS = (
    "ETag",
    "Last-Modified",
    "Expires",
    "Content-Encoding",
    "CDN-Cache-Control",
    "Surrogate-Control",
    "X-Accel-Expires",
)


class Turns(Protocol):
    """How many blocks this process renders at a time, and what one costs."""

    def begin(self, view: str) -> bool:
        """Wait a moment for a turn of a view; False: others have it still."""

    def end(self, view: str, seconds: float | None) -> None:
        """Give the turn back, after what the blocks took; None: there were none."""


class BlockRequests:
    """Answers requests for blocks.

    :param turns: returns those of this process.
    """

    def __init__(self, turns: Callable[[], Turns]) -> None:
        self._turns = turns

    def init_app(self, app: Flask) -> None:
        """Answer the requests for blocks of *app*'s pages."""
        # First of all: whoever has to come back has not had the app do anything.
        app.before_request_funcs.setdefault(None, []).insert(0, self._begin)
        # Flask calls the first last, behind all that the app does to a page.
        app.after_request_funcs.setdefault(None, []).insert(0, _answer)
        app.teardown_request(self._end)

    def _begin(self) -> Response | None:
        names, view = _named(), request.endpoint
        if not names or view is None:
            return None
        if not self._turns().begin(view):
            response = current_app.response_class("Too many at once; come back.\n", 503)
            response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
            return response
        setattr(g, _TURN, clock.monotonic())
        setattr(g, _IS_FOR_BLOCK, True)
        want_blocks(current_app._get_current_object(), names)  # type: ignore[attr-defined]
        # Called first: before whatever the app does to the HTML of all its pages.
        after_this_request(_keep_page)
        return None

    def _end(self, _error: BaseException | None) -> None:
        began = g.pop(_TURN, None)
        if began is not None and request.endpoint is not None:
            is_rendered = request.environ.get(_IS_ANSWERED)
            self._turns().end(request.endpoint, clock.monotonic() - began if is_rendered else None)


def is_for_block() -> bool:
    """Return whether a request for blocks is being answered, from its very beginning to the end of
    its app context."""
    if has_request_context():
        return bool(_named())
    return has_app_context() and g.get(_IS_FOR_BLOCK, False)


def _named() -> list[str]:
    """The blocks that the request names; none where it is no GET, or has a body, which a view
    could wait for as long as the client likes."""
    header = request.headers.get(HEADER)
    if header is None or request.method != "GET":
        return []
    if request.content_length or "Transfer-Encoding" in request.headers:
        return []
    names = dict.fromkeys(name for name in header.split() if _NAME.fullmatch(name))
    return list(names)[:MOST_BLOCKS]


def _keep_page(response: Response) -> Response:
    """Note the page as its view returned it; one that is streamed is rendered only now."""
    wanted = wanted_blocks()
    # A file, or a stream that no template makes, goes out as it came.
    if wanted is None or not wanted.has_template or not _is_page(response):
        return response
    data = response.get_data() if response.is_sequence else _read(response)
    if data is not None:
        charset = response.mimetype_params.get("charset", "utf-8")
        request.environ[_PAGE] = data.decode(charset, "replace")
    return response


def _read(response: Response) -> bytes | None:
    """The body of a response that is streamed; None where it is larger than any page, and goes out
    as it came."""
    stream = response.response
    parts, rest, size = [], iter(response.iter_encoded()), 0
    for part in rest:
        parts.append(part)
        size += len(part)
        if size > MOST_PAGE_BYTES:
            response.response = chain(parts, rest)
            response.call_on_close(getattr(stream, "close", int))
            return None
    data = b"".join(parts)
    response.set_data(data)
    return data


def _answer(response: Response) -> Response:
    wanted, page = wanted_blocks(), request.environ.get(_PAGE)
    if wanted is None or page is None or not _is_page(response):
        return response
    body = _body(wanted, page)
    request.environ[_IS_ANSWERED] = any("hash" in one for one in body.values())
    response.set_data(current_app.json.dumps(body))
    response.mimetype = "application/json"
    for name in _CACHE_HEADERS:
        response.headers.pop(name, None)
    response.headers["Cache-Control"] = "no-store"
    response.headers[HEADER] = " ".join(body)
    return response


def _is_page(response: Response) -> bool:
    if not 200 <= response.status_code < 300 or response.mimetype != "text/html":
        return False
    # HTML that the app itself keeps apart from its pages becomes part of none.
    policies = ",".join(response.headers.getlist("Content-Security-Policy")).lower()
    disposition = response.headers.get("Content-Disposition", "").lower()
    is_apart = "attachment" in disposition or "sandbox" in re.split(r"[\s;,]+", policies)
    return not (is_apart or response.direct_passthrough)


def _body(wanted: WantedBlocks, page: str) -> dict[str, Any]:
    known = _known_hashes()
    body: dict[str, Any] = {}
    for name in sorted(wanted.names):
        outputs = wanted.outputs(name)
        # A view renders mails, too, and pages that it thinks better of: nobody is shown those.
        html = next((one for one in outputs or () if one in page), None)
        why = _why_not(wanted, name) if html is None else None
        if why is not None:
            _explain(body, name, why)
        elif html is not None or not outputs:
            # What the page leaves out now is taken from a page that shows it. Whether the template
            # has such a block at all is nobody's business.
            html = html or ""
            mark = hashlib.sha256(html.encode()).hexdigest()[:16]
            body[name] = {"hash": mark} if known.get(name) == mark else {"hash": mark, "html": html}
    return body


def _why_not(wanted: WantedBlocks, name: str) -> str | None:
    """Why a block that the page does not hold cannot be had; None where that is no fault."""
    outputs = wanted.outputs(name)
    if outputs is None:
        return (
            "is rendered several times, each time differently: a block has to stand outside of a "
            "loop"
        )
    if not current_app.debug:
        return None
    if outputs:
        return "is rendered, and the view's response does not hold what was rendered"
    if name not in wanted.known:
        there_are = ", ".join(wanted.known) or "none"
        return (
            "is not in the template: it has to stand there or in a parent of it, not in an "
            f"included template. There are: {there_are}"
        )
    return None


def _explain(body: dict[str, Any], name: str, why: str) -> None:
    """Say why a block cannot be had: in the log, and in debug mode to the page."""
    told = f"Block {name!r} of {request.path} {why}."
    logger.warning(told)
    if current_app.debug:
        body[name] = {"error": told}


def _known_hashes() -> dict[str, str]:
    pairs = request.headers.get(HASH_HEADER, "").split()
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)
