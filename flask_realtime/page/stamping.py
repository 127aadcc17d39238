"""Which pages get a connection id on their ``<body>``, and how."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass

from flask import Flask, Response, after_this_request, request

from ..config.settings import Config
from .advice import Advice
from .body_tag import ATTRIBUTE, find_body_tag
from .caching import keep_from_caches, may_be_kept
from .charset import keeps_ascii
from .client import IS_SUBSCRIBED_IN_ENVIRON, current_client
from .withheld import is_session_withheld

logger = logging.getLogger(__name__)

#: The request wrote the script's tag; True: as that of a page with subscriptions.
SCRIPT_IN_ENVIRON = "flask_realtime.script"
#: The request wrote its connection id by itself.
HAS_ID_IN_ENVIRON = "flask_realtime.has_id"
#: The response shows the connection id.
IS_STAMPED_IN_ENVIRON = "flask_realtime.is_stamped"
SUBSCRIBED = ' data-subscribed="true"'

_STAMP = "flask_realtime.stamp"
# 206 is a piece of a page, whose other pieces would not know.
_WITHOUT_WHOLE_BODY = frozenset([204, 205, 206])
_INVALID_FORM = 422
_SCRIPT = b"/static/realtime.js?v="
_SUBSCRIBED_SCRIPT = re.compile(rb"(<script [^>]*/static/realtime\.js[^>]*)" + SUBSCRIBED.encode())


@dataclass(frozen=True, slots=True)
class _Stamp:
    """What was looked at, and made, of a response.

    :param body: the body then, as the response holds it: while it holds the same, nobody has
        changed it.
    :param before: the HTML without the id.
    """

    body: object
    before: bytes


class Stamping:
    """Gives the rendered pages of one app their connection ids."""

    def __init__(self, config: Config) -> None:
        self._mode = config.stamp_pages
        self._warned: set[str | None] = set()
        self._advice = Advice()

    def init_app(self, app: Flask) -> None:
        """Stamp the pages of *app*."""
        app.before_request(self._stamp_early)
        # Flask calls the first last: whatever else the app says of caches has been said.
        app.after_request_funcs.setdefault(None, []).insert(0, self._finish)

    def _stamp_early(self) -> None:
        # Before any after_request function: one of them may compress the page.
        after_this_request(self._stamp)

    def _stamp(self, response: Response) -> Response:
        if not self._is_to_be_stamped(response) or _is_seen(response):
            return response
        html = self._without_foreign_claim(response.get_data())
        tag = find_body_tag(html)
        response.set_data(html)
        if tag is not None and not tag.is_stamped:
            attribute = f' {ATTRIBUTE}="{_id_of_page()}"'.encode()
            response.set_data(html[: tag.name_end] + attribute + html[tag.name_end :])
            request.environ[IS_STAMPED_IN_ENVIRON] = True
        elif tag is None and SCRIPT_IN_ENVIRON in request.environ:
            self._advice.page_without_body()
        request.environ[_STAMP] = _Stamp(response.response, html)
        return response

    def _finish(self, response: Response) -> Response:
        self._stamp(response)
        self._warn_if_streamed(response)
        environ = request.environ
        if _is_seen(response) and not self._is_to_be_stamped(response):
            # Some after_request function has said since that caches may keep it.
            response.set_data(environ[_STAMP].before)
            environ.pop(IS_STAMPED_IN_ENVIRON, None)
        if IS_STAMPED_IN_ENVIRON in environ or HAS_ID_IN_ENVIRON in environ:
            if not is_session_withheld():
                current_client().keep_socket_key()
            keep_from_caches(response)
            self._advice.page_of_view()
        return response

    def _warn_if_streamed(self, response: Response) -> None:
        """Tell the developer, once a view, that a page which was subscribed gets no id."""
        environ = request.environ
        if (
            IS_SUBSCRIBED_IN_ENVIRON not in environ
            or not (response.is_streamed and response.mimetype == "text/html")
            or not 200 <= response.status_code < 300
            or HAS_ID_IN_ENVIRON in environ
            or current_client().is_given_out
            or current_client().is_open
            or request.endpoint in self._warned
        ):
            return
        self._warned.add(request.endpoint)
        logger.warning(
            "The page of the view %r is subscribed, and streamed: its body is not at hand to get "
            "its connection id, so the page opens no socket and hears no push. Return it whole, or "
            'pass realtime.socket.connection_id to its template for <body %s="…">.',
            request.endpoint,
            ATTRIBUTE,
        )

    def _is_to_be_stamped(self, response: Response) -> bool:
        if self._mode is False or not _is_whole_page(response):
            return False
        if is_session_withheld():
            return _has_script(response)
        return _is_used(response) or (self._mode is True and not may_be_kept(response))

    def _without_foreign_claim(self, html: bytes) -> bytes:
        """The page as it stands; one from a cache of views without the claim that it is subscribed.

        That was true of the request whose page the cache holds. The client would find that the
        server knows of no subscription, and reload the page, again and again.
        """
        environ = request.environ
        if SUBSCRIBED.encode() not in html or environ.get(SCRIPT_IN_ENVIRON):
            return html
        if IS_SUBSCRIBED_IN_ENVIRON in environ:
            return html
        own, count = _SUBSCRIBED_SCRIPT.subn(rb"\1", html)
        if count and request.endpoint not in self._warned:
            self._warned.add(request.endpoint)
            logger.warning(
                "The page of the view %r came from a cache with the script tag of another request: "
                "its view did not run, so the page is subscribed to nothing and hears no push. "
                "Cache what the view reads, not what it renders.",
                request.endpoint,
            )
        return own


def _id_of_page() -> str:
    """The page's id; empty where no session may be begun for it: the client asks for one then."""
    return "" if is_session_withheld() else current_client().connection_id(reads_body=False)


def _is_used(response: Response) -> bool:
    """Whether the page subscribed, or holds the script or its id, be it from a cache of views."""
    marks = (IS_SUBSCRIBED_IN_ENVIRON, HAS_ID_IN_ENVIRON)
    return any(mark in request.environ for mark in marks) or _has_script(response)


def _has_script(response: Response) -> bool:
    return SCRIPT_IN_ENVIRON in request.environ or _SCRIPT in response.get_data()


def _is_whole_page(response: Response) -> bool:
    status = response.status_code
    return (
        response.mimetype == "text/html"
        and request.method != "HEAD"
        and (200 <= status < 300 or status == _INVALID_FORM)
        and status not in _WITHOUT_WHOLE_BODY
        and not response.is_streamed
        and response.headers.get("Content-Encoding", "identity") == "identity"
        and keeps_ascii(response.get_data(), response.mimetype_params.get("charset"))
    )


def _is_seen(response: Response) -> bool:
    stamp: _Stamp | None = request.environ.get(_STAMP)
    return stamp is not None and stamp.body is response.response
