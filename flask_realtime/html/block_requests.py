"""Requests for blocks: a page fetches parts of itself again, by HTTP, from its own view.

The request is a GET of the page's own address that names blocks in a header. The view runs and
renders the whole page; then the response's body is replaced by those blocks, each with a hash, so
that a block that has not changed need not be sent again.
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
    Request,
    Response,
    after_this_request,
    current_app,
    g,
    has_app_context,
    has_request_context,
    request,
)
from werkzeug.exceptions import HTTPException

from ..caching import keep_nowhere
from ..request_hooks import IS_FOR_PARTS, request_hooks
from ..threads import clock
from .block_elements import BlockElements
from .blocks import WantedBlocks, want_blocks, wanted_blocks
from .sent_page import SentPage

logger = logging.getLogger(__name__)

#: In a request, the names of the wanted blocks, separated by spaces; in a response, of those in it.
HEADER = "X-Realtime-Block"
#: In a request, the hashes of the blocks that the page has: ``name=hash``, separated by spaces.
HASH_HEADER = "X-Realtime-Block-Hash"

#: How many blocks one request may name: more than any page has, and few enough to remember.
MOST_BLOCKS = 50
#: The log of a process has lines about so many missing blocks at most, except in debug mode.
MOST_TOLD = 100
#: The largest streamed page, in bytes, whose blocks are sent.
MOST_PAGE_BYTES = 4 << 20
RETRY_AFTER_SECONDS = 1

_HEADER_IN_ENVIRON = "HTTP_X_REALTIME_BLOCK"
_NAME = re.compile(r"[^\W\d]\w{0,99}")
# What all browsers show; they save what has another type. The client has the same rule.
_SHOWN = re.compile(r"[ \t]*(inline[ \t]|(inline)?(;|$)|filename\*?=)", re.IGNORECASE)
# Set in the environ of a request for blocks: its turn, until that is given back.
_TURN = "flask_realtime.block_turn"
# Set in the environ of a request for blocks: the page that its view has returned.
_PAGE = "flask_realtime.page"
# Set in ``g``, because before Flask 3.2 teardown_appcontext functions run without the request.
_IS_FOR_BLOCK = "_flask_realtime_is_for_block"


class BlockTurns(Protocol):
    """Limits how many requests for blocks this process answers at a time."""

    def begin(self, view: str, visitor: str) -> Any:
        """Wait a moment for a turn of *view*; return it, or None if others still have all turns.

        :param visitor: who asks; one who had no turn of late comes first.
        """

    def end(self, turn: Any, seconds: float | None) -> None:
        """Give a turn back, if it was not given back before.

        :param seconds: how long the blocks took to render; None: none were rendered.
        """


class BlockRequests:
    """Answers requests for blocks.

    :param turns: returns the turns of this process.
    :param visitor: returns a name of the browser session that the present request belongs to; None
        if it has none.
    """

    def __init__(self, turns: Callable[[], BlockTurns], visitor: Callable[[], str | None]) -> None:
        self._turns = turns
        self._visitor = visitor
        # The views and blocks that the log has a line about.
        self._told: set[tuple[str | None, str]] = set()

    def init_app(self, app: Flask) -> None:
        """Answer requests for blocks of *app*'s pages from now on."""
        request_hooks(app).add(begin=self._begin, end=self._answer)

    def _begin(self, request: Request) -> None:
        if _HEADER_IN_ENVIRON not in request.environ:
            return
        names, view = _named(), request.endpoint
        if not names or view is None:
            return
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        # All visitors without a session count as one.
        turn = self._turns().begin(view, self._visitor() or "")
        if turn is None:
            response = app.response_class("Too many requests for blocks at once; try again.\n", 503)
            response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
            raise HTTPException(response=response)
        request.environ.update({IS_FOR_PARTS: True, _TURN: turn})
        setattr(g, _IS_FOR_BLOCK, True)
        # The function is added at the first request for blocks, since Flask calls it at the end of
        # every request, and most apps are never asked for blocks.
        ends = app.teardown_request_funcs.setdefault(None, [])
        if self._end not in ends:
            ends.append(self._end)
        want_blocks(app, names)
        # _keep_page runs before any after_request function: one may change the HTML. One may also
        # compress it, if the browser takes that, and then the page could not be read.
        after_this_request(_keep_page)
        request.environ.pop("HTTP_ACCEPT_ENCODING", None)
        # A view may answer scripts, which accept anything, by JSON; this request is for its page.
        request.environ["HTTP_ACCEPT"] = "text/html,*/*;q=0.9"

    def _answer(self, request: Request, response: Response) -> Response:
        """Answer with the blocks alone, and give the turn back."""
        if _HEADER_IN_ENVIRON in request.environ and _named():
            # Nobody who asks for the page may get this, be it a part of it, or a refusal.
            keep_nowhere(response)
        if _TURN not in request.environ:
            return response
        wanted, page = wanted_blocks(), request.environ.get(_PAGE)
        is_rendered = False
        if wanted is not None and page is not None and _is_page(response):
            body, faults = _body(wanted, page, SentPage(response))
            for name, why in faults.items():
                self._explain(body, name, why)
            is_rendered = wanted.has_outputs
            _replace_page(response, body)
        # The teardown is not enough: Flask ends it at the first function of the app that fails.
        self._give_back(is_rendered)
        return response

    def _end(self, _error: BaseException | None) -> None:
        # A function of the app that failed has kept the response from being answered.
        self._give_back(False)

    def _give_back(self, is_rendered: bool) -> None:
        turn = request.environ.pop(_TURN, None)
        if turn is not None:
            seconds = clock.monotonic() - turn.began if is_rendered else None
            self._turns().end(turn, seconds)

    def _explain(self, body: dict[str, Any], name: str, why: str) -> None:
        """Tell why a block is missing: in the log and, in debug mode, to the page."""
        # The path with its control characters escaped: it is whatever somebody has asked for.
        told = f"Block {name!r} of {request.path!r} {why}."
        if current_app.debug:
            body[name] = {"error": told}
        elif (request.endpoint, name) in self._told or len(self._told) >= MOST_TOLD:
            return
        self._told.add((request.endpoint, name))
        logger.warning(told)


def is_for_block() -> bool:
    """Return whether the current request asks for blocks.

    Right from the request's beginning to the end of its app context.
    """
    if has_request_context():
        return bool(_named())
    return has_app_context() and g.get(_IS_FOR_BLOCK, False)


def _named() -> list[str]:
    """Return the names of the blocks that the request asks for.

    An empty list if the request is no GET, or has a body: a client could send it as slowly as it
    likes, and the view would wait.
    """
    header = request.headers.get(HEADER)
    if header is None or request.method != "GET":
        return []
    if request.content_length or "Transfer-Encoding" in request.headers:
        return []
    names = dict.fromkeys(name for name in header.split() if _NAME.fullmatch(name))
    return list(names)[:MOST_BLOCKS]


def _keep_page(response: Response) -> Response:
    """Keep the page as its view returned it; a streamed page is rendered now."""
    wanted = wanted_blocks()
    # A file, or a stream that no template makes, is sent unchanged.
    if wanted is None or not wanted.has_template or not _is_page(response):
        return response
    data = response.get_data() if response.is_sequence else _read(response)
    if data is not None:
        charset = response.mimetype_params.get("charset", "utf-8")
        request.environ[_PAGE] = data.decode(charset, "replace")
    return response


def _read(response: Response) -> bytes | None:
    """Return the body of a streamed response; None if it is too large, and is sent unchanged."""
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


def _replace_page(response: Response, body: dict[str, Any]) -> None:
    """Have the response consist of blocks."""
    response.set_data(current_app.json.dumps(body))
    response.mimetype = "application/json"
    response.headers.pop("Content-Encoding", None)
    response.headers[HEADER] = " ".join(body)


def _is_page(response: Response) -> bool:
    if not 200 <= response.status_code < 300 or response.mimetype != "text/html":
        return False
    # HTML that the app isolates from its pages must not become part of one.
    policies = ",".join(response.headers.getlist("Content-Security-Policy")).lower()
    disposition = ", ".join(response.headers.getlist("Content-Disposition"))
    is_apart = not _SHOWN.match(disposition) or "sandbox" in re.split(r"[\s;,]+", policies)
    return not (is_apart or response.direct_passthrough)


def _body(wanted: WantedBlocks, page: str, sent: SentPage) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the wanted blocks, and why others are missing."""
    known = _known_hashes()
    elements = BlockElements(page, wanted.names)
    body: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for name in sorted(wanted.names):
        outputs = wanted.outputs(name, page)
        # Only what the page shows: a view may also render mails, and pages that it does not send.
        html = next((one for one in outputs or () if one in page and sent.shows(one)), None)
        why = _why_not(wanted, name, outputs, elements) if html is None else None
        if why is not None:
            faults[name] = why
        elif html is not None or not outputs:
            # Empty, so that a page that still shows the block removes it. The client is not told
            # whether the template has such a block at all.
            html = html or ""
            if name not in wanted.known and elements.has_unquoted(name):
                faults[name] = (
                    f"{_not_there(wanted)}. Its element was emptied: one keeps what it shows whose "
                    f'attribute has quotes, data-realtime-block="{name}"'
                )
            mark = hashlib.sha256(html.encode()).hexdigest()[:16]
            body[name] = {"hash": mark} if known.get(name) == mark else {"hash": mark, "html": html}
    return body, faults


def _why_not(
    wanted: WantedBlocks, name: str, outputs: list[str] | None, elements: BlockElements
) -> str | None:
    """Return why a block is missing, if that is a fault of the template; else None.

    :param outputs: what was rendered of it; see :meth:`WantedBlocks.outputs`.
    :param elements: those of the page that the view has returned.
    """
    if outputs is None:
        return "is rendered several times, each time with another output: move it out of the loop"
    if outputs:
        return (
            "is rendered, but the view's response does not contain its output: a filter, the view "
            "or an after_request function has changed it"
        )
    if name in wanted.known:
        return None
    # A request can name any block. A name that the page itself has in its HTML is a slip of the
    # app's, and the visitor who is told of it learns nothing. Whether a block has any other name is
    # not told.
    if current_app.debug or elements.has(name):
        return _not_there(wanted)
    return None


def _not_there(wanted: WantedBlocks) -> str:
    return (
        f"is not in the template: it has to stand there or in a parent of it, not in an included "
        f"template. The blocks are: {', '.join(wanted.known) or 'none'}"
    )


def _known_hashes() -> dict[str, str]:
    pairs = request.headers.get(HASH_HEADER, "").split()
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)
