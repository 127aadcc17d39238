"""Stamps pages: decides which pages get a connection id, and writes it on their ``<body>``."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass

from flask import Flask, Request, Response

from ..caching import keep_from_caches, may_be_kept
from ..config.settings import Config
from ..errors import InvalidSetting
from ..flask_contexts import present_app
from ..request_hooks import IS_FOR_PARTS, IS_NO_PAGE, request_hooks
from .advice import IS_REACHED_IN_ENVIRON, advice
from .body_tag import ATTRIBUTE, find_body_tag
from .charset import charset_of, keeps_ascii
from .client import (
    CLIENT_IN_ENVIRON,
    HAS_ID_IN_ENVIRON,
    IS_SUBSCRIBED_IN_ENVIRON,
    NAMES_NOBODY,
    current_client,
)
from .identities import log_failure
from .ids_by_hand import is_named_by_hand
from .sent_files import is_streamed
from .withheld import is_session_withheld

logger = logging.getLogger(__name__)

#: Set in an environ if the page has the script's tag; True: the tag says that it is subscribed.
SCRIPT_IN_ENVIRON = "flask_realtime.script"
#: Set in an environ if the response holds the connection id.
IS_STAMPED_IN_ENVIRON = "flask_realtime.is_stamped"
SUBSCRIBED = ' data-subscribed="true"'

_STAMP = "flask_realtime.stamp"
# Set in an environ if the app's function fails to tell the user, so that the page has no id.
_HAS_NO_USER = "flask_realtime.has_no_user"
_HTML = "text/html"
# 206 is a part of a page, whose other parts come without the id.
_WITHOUT_WHOLE_BODY = frozenset([204, 205, 206])
_CONDITIONAL = frozenset([206, 304])
_INVALID_FORM = 422
_SCRIPT = b"/static/realtime.js?v="
# What the HTML of a page holds that loads the client in a way of its own, or brings another.
_MARKS_OF_CLIENTS = (b"realtime.js", ATTRIBUTE.encode(), b"socketConnectionId")
# Without TLS browsers do not say whether they navigate, but libraries that fetch pages send these.
_HEADERS_OF_SCRIPTS = (
    "HX-Request", "X-Turbo-Request-Id", "Turbo-Frame", "X-Up-Version", "X-Requested-With",
)  # fmt: skip
_SUBSCRIBED_SCRIPT = re.compile(rb"(<script [^>]*/static/realtime\.js[^>]*)" + SUBSCRIBED.encode())


@dataclass(frozen=True, slots=True)
class _Stamp:
    """How a response was stamped.

    :param body: the response's body right after stamping. If the response still holds the same
        object later, nobody has changed its body.
    :param before: the HTML without the id.
    :param said: the response's status and headers right after stamping.
    """

    body: object
    before: bytes
    said: object


class Stamping:
    """Gives the rendered pages of one app their connection ids."""

    def __init__(self, config: Config) -> None:
        self._mode = config.stamp_pages
        self._paths = (config.path, config.url_prefix)
        self._warned: set[str | None] = set()

    def init_app(self, app: Flask) -> None:
        """Stamp the pages of *app*."""
        # An after_request function of the app may compress the page.
        returned = None if self._mode is False else self._stamp
        request_hooks(app).add(returned=returned, end=self._finish)

    def _stamp(self, request: Request, response: Response) -> Response:
        if _is_seen(request, response) or not self._is_to_be_stamped(request, response):
            return response
        html = self._without_foreign_claim(request, response.get_data())
        tag, shown = find_body_tag(html), html
        if tag is not None and not tag.is_stamped:
            named = _id_of_page(request, response)
            if named is not None:
                attribute = f' {ATTRIBUTE}="{named}"'.encode()
                shown = html[: tag.name_end] + attribute + html[tag.name_end :]
                request.environ[IS_STAMPED_IN_ENVIRON] = True
        elif tag is None and SCRIPT_IN_ENVIRON in request.environ:
            advice().page_without_body()
        response.set_data(shown)
        request.environ[_STAMP] = _Stamp(response.response, html, _said(response))
        return response

    def _finish(self, request: Request, response: Response) -> Response:
        environ = request.environ
        if IS_NO_PAGE in environ:
            return response
        if request.endpoint == "realtime.static" and IS_REACHED_IN_ENVIRON not in environ:
            advice().script_kept_back(response.status_code)
        is_html = response.mimetype == _HTML
        if not (is_html or HAS_ID_IN_ENVIRON in environ or _STAMP in environ):
            return response
        if not _is_seen(request, response):
            self._stamp(request, response)
        elif environ[_STAMP].said != _said(response) and not self._is_to_be_stamped(
            request, response
        ):
            # An after_request function has said since then that caches may keep the page.
            response.set_data(environ[_STAMP].before)
            environ.pop(IS_STAMPED_IN_ENVIRON, None)
        if is_html and IS_SUBSCRIBED_IN_ENVIRON in environ:
            self._warn_if_streamed(request, response)
        has_id = IS_STAMPED_IN_ENVIRON in environ or HAS_ID_IN_ENVIRON in environ
        if has_id or (is_html and _is_of_page(response) and is_named_by_hand(response)):
            if not (IS_FOR_PARTS in environ or is_session_withheld()):
                current_client().keep_socket_key()
            keep_from_caches(response)
            if present_app().debug and _is_without_script(request):
                advice().page_without_script()
            advice().decorator_above_route()
            advice().session_cookie(*self._paths)
        elif self._has_id_for_others(request, response):
            keep_from_caches(response)
        return response

    def _has_id_for_others(self, request: Request, response: Response) -> bool:
        """Return whether this page has no id only because of how it was asked for, and by whom.

        A cache that kept it would give it to every visitor.
        """
        if self._mode is False or response.mimetype != _HTML:
            return False
        # The whole page has an id, and a cache would apply this answer's headers to the whole page.
        if response.status_code in _CONDITIONAL and _is_rendered_to_be_used(request):
            return True
        if is_streamed(response) or not _is_of_page(response):
            return False
        # Somebody names a page, but has no session in which it could be known.
        if NAMES_NOBODY in request.environ:
            return True
        environ = request.environ
        has_none = _HAS_NO_USER in environ or request.method == "HEAD" or is_session_withheld()
        return has_none and self._is_for_ids(request, response)

    def _warn_if_streamed(self, request: Request, response: Response) -> None:
        """Warn the developer, once for each view, that a subscribed page gets no id."""
        if (
            not is_streamed(response)
            or not 200 <= response.status_code < 300
            or HAS_ID_IN_ENVIRON in request.environ
            or current_client().is_given_out
            or current_client().is_open
            or request.endpoint in self._warned
        ):
            return
        self._warned.add(request.endpoint)
        logger.warning(
            "The page of the view %r is subscribed, but streamed, so its connection id cannot be "
            "written into its <body>: the page opens no socket and receives no pushes. Return "
            "the page whole, or pass realtime.socket.connection_id to its template for <body "
            '%s="…">.',
            request.endpoint,
            ATTRIBUTE,
        )

    def _is_to_be_stamped(self, request: Request, response: Response) -> bool:
        if self._mode is False or not _is_whole_page(request, response):
            return False
        if is_session_withheld():
            return _has_script(request, response)
        return self._is_for_ids(request, response)

    def _is_for_ids(self, request: Request, response: Response) -> bool:
        """Return whether a page such as this one has an id, if its request is one for a page."""
        is_uncached = self._mode is True and not may_be_kept(response)
        return is_uncached or _is_used(request, response)

    def _without_foreign_claim(self, request: Request, html: bytes) -> bytes:
        """Return the page; if it came from a cache of views, without the mark of a subscribed page.

        The mark was right for the request whose page the cache holds. With it the client would
        find that the server knows no subscription of the page, and reload it again and again.
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
                "The page of the view %r came from a cache with the script tag of another "
                "request: its view did not run, so the page is subscribed to nothing and "
                "receives no pushes. Cache what the view reads, not what it renders.",
                request.endpoint,
            )
        return own


def _id_of_page(request: Request, response: Response) -> str | None:
    """Return the page's id; empty if no session may be begun: the client then asks for an id.

    None if the app cannot tell whose the page is, and the page uses nothing of the library.
    """
    if is_session_withheld():
        return ""
    is_touched = CLIENT_IN_ENVIRON in request.environ
    try:
        return current_client().id_to_write()
    except InvalidSetting:
        raise
    except Exception as error:
        if is_touched or _is_used(request, response):
            raise
        # The page acts on no client then.
        del request.environ[CLIENT_IN_ENVIRON]
        request.environ[_HAS_NO_USER] = True
        log_failure(error)
        return None


def _is_used(request: Request, response: Response) -> bool:
    """Return whether the page is subscribed, or holds the script or its id.

    A page that a cache of views has kept counts too.
    """
    is_marked = _is_rendered_to_be_used(request) or HAS_ID_IN_ENVIRON in request.environ
    return is_marked or _SCRIPT in response.get_data()


def _is_rendered_to_be_used(request: Request) -> bool:
    return not {IS_SUBSCRIBED_IN_ENVIRON, SCRIPT_IN_ENVIRON}.isdisjoint(request.environ)


def _has_script(request: Request, response: Response) -> bool:
    return SCRIPT_IN_ENVIRON in request.environ or _SCRIPT in response.get_data()


def _is_without_script(request: Request) -> bool:
    """Return whether nothing can open the socket of the subscribed page that is being rendered.

    A page that a script asked for counts as none: the script may put it into a page that has a
    socket, as boosted links do.
    """
    environ = request.environ
    if (
        IS_SUBSCRIBED_IN_ENVIRON not in environ
        or SCRIPT_IN_ENVIRON in environ
        or HAS_ID_IN_ENVIRON in environ
        or current_client().is_given_out
        or current_client().is_open
        or _is_asked_by_script(request)
    ):
        return False
    html: bytes = environ[_STAMP].before
    return not any(mark in html for mark in _MARKS_OF_CLIENTS)


def _is_asked_by_script(request: Request) -> bool:
    mode = request.headers.get("Sec-Fetch-Mode")
    if mode is not None:
        return mode != "navigate"
    return any(name in request.headers for name in _HEADERS_OF_SCRIPTS)


def _is_whole_page(request: Request, response: Response) -> bool:
    return (
        response.mimetype == _HTML
        and request.method != "HEAD"
        and IS_FOR_PARTS not in request.environ
        and _is_of_page(response)
        and not is_streamed(response)
        and response.headers.get("Content-Encoding", "identity") == "identity"
        and keeps_ascii(response.get_data(), charset_of(response.content_type))
    )


def _is_of_page(response: Response) -> bool:
    status = response.status_code
    is_shown = 200 <= status < 300 or status == _INVALID_FORM
    return is_shown and status not in _WITHOUT_WHOLE_BODY


def _said(response: Response) -> object:
    return response.status, list(response.headers)


def _is_seen(request: Request, response: Response) -> bool:
    stamp: _Stamp | None = request.environ.get(_STAMP)
    return stamp is not None and stamp.body is response.response
