"""Requests for blocks: a page fetches parts of itself anew, by HTTP, from its own view.

The request is a GET of the page's own address that names the blocks in a header; the view runs and
renders the whole page, and the response's body is replaced by the blocks that the page holds.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable
from typing import Any, Protocol

from flask import Flask, Response, current_app, g, request

from ..threads import clock
from .blocks import WantedBlocks, want_blocks, wanted_blocks

logger = logging.getLogger(__name__)

#: Names the wanted blocks in a request, apart by spaces, and those that came in its response.
HEADER = "X-Realtime-Block"
#: In a request: what the page has of them, as ``name=hash``, apart by spaces.
HASH_HEADER = "X-Realtime-Block-Hash"

#: More blocks than any page has: a header does not make the server remember more.
MOST_BLOCKS = 50
RETRY_AFTER_SECONDS = 1

_NAME = re.compile(r"[^\W\d]\w{0,99}")
_TURN = "_flask_realtime_block_turn"
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

    def begin(self) -> bool:
        """Wait a moment for a turn; False: others have it still."""

    def end(self, seconds: float) -> None:
        """Give the turn back, after what it took."""


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
        names = _named()
        if not names:
            return None
        if not self._turns().begin():
            response = current_app.response_class("Too many at once; come back.\n", 503)
            response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
            return response
        setattr(g, _TURN, clock.monotonic())
        want_blocks(current_app._get_current_object(), names)  # type: ignore[attr-defined]
        return None

    def _end(self, _error: BaseException | None) -> None:
        began = g.pop(_TURN, None)
        if began is not None:
            self._turns().end(clock.monotonic() - began)


def _named() -> list[str]:
    """The blocks that the request names; none where it is no GET."""
    header = request.headers.get(HEADER)
    if header is None or request.method != "GET":
        return []
    names = dict.fromkeys(name for name in header.split() if _NAME.fullmatch(name))
    return list(names)[:MOST_BLOCKS]


def _answer(response: Response) -> Response:
    # What is wanted of a view that is called over a socket is answered there.
    wanted = wanted_blocks() if _named() else None
    if wanted is None or not _is_page(response):
        return response
    # A page that is streamed is rendered only now.
    response.get_data()
    body = _body(wanted)
    response.set_data(current_app.json.dumps(body))
    response.mimetype = "application/json"
    for name in _CACHE_HEADERS:
        response.headers.pop(name, None)
    response.headers["Cache-Control"] = "no-store"
    response.headers[HEADER] = " ".join(body)
    return response


def _is_page(response: Response) -> bool:
    return 200 <= response.status_code < 300 and response.mimetype == "text/html"


def _body(wanted: WantedBlocks) -> dict[str, Any]:
    known = _known_hashes()
    body: dict[str, Any] = {}
    for name, html in wanted.rendered.items():
        mark = hashlib.sha256(html.encode()).hexdigest()[:16]
        body[name] = {"hash": mark} if known.get(name) == mark else {"hash": mark, "html": html}
    missing = sorted(wanted.names - body.keys())
    if missing and current_app.debug:
        told = (
            f"{request.path} renders no block {missing[0]!r}: it has to stand in the template or "
            f"in a parent of it, not in an included template or a loop, and the page's conditions "
            f"have to let it be. There are: {', '.join(wanted.known) or 'none'}."
        )
        logger.warning(told)
        body.update({name: {"error": told} for name in missing})
    return body


def _known_hashes() -> dict[str, str]:
    pairs = request.headers.get(HASH_HEADER, "").split()
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)
