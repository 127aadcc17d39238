"""What the log says of slips that cause no error, once for each view."""

from __future__ import annotations

import contextlib
import logging
from typing import Any

from flask import current_app, request

from ..flask_contexts import present_app, present_request
from .body_tag import ATTRIBUTE
from .client import SOCKET_IN_ENVIRON
from .requesting_page import asking_page

logger = logging.getLogger(__name__)

#: Set in the environ of a request for one of the client's scripts, or for a socket, once it has
#: reached the library's own view.
IS_REACHED_IN_ENVIRON = "flask_realtime.is_view_reached"

_EXTENSION = "realtime_advice"
_DECORATED = "_is_below_realtime_subscribes"


def note_decorated(view: Any) -> None:
    """Remember that ``@realtime.subscribes`` decorates the function *view*.

    The app's view should be the decorated function then: if it is *view* itself, it subscribes
    nothing.
    """
    with contextlib.suppress(AttributeError):  # a bound method, say
        # The value is the function, since functools.wraps copies attributes to functions that do
        # subscribe.
        setattr(view, _DECORATED, view)


def advice() -> Advice:
    """Return the advice of the current app."""
    extensions = present_app().extensions
    given: Advice | None = extensions.get(_EXTENSION)
    return extensions.setdefault(_EXTENSION, Advice()) if given is None else given


class Advice:
    """Logs what may be a slip and causes no error, each once for each view of one app."""

    def __init__(self) -> None:
        self._given: set[tuple[str | None, str]] = set()
        self._has_told_of_cookie = False

    def page_without_body(self) -> None:
        """Warn that the page of the current request has the script, and no place for its id."""
        self._give(
            "The page of the view %r has realtime_script(), but no <body> tag. HTML allows to "
            "leave the tag out, but the page's id is written into it, and without an id the page "
            "receives no pushes. Write <body> in the template."
        )

    def page_without_script(self) -> None:
        """Warn that the page of the current request is subscribed, but opens no socket."""
        self._give(
            "The page of the view %r is subscribed, but does not contain {{ realtime_script() }}: "
            "it opens no socket and receives no pushes. Put the tag into the template, or extend a "
            "template that has it. If a client of your own opens the socket, end this warning by "
            f'<body {ATTRIBUTE}="{{{{ realtime_connection_id() }}}}">.'
        )

    def script_kept_back(self, status: int) -> None:
        """Warn that the current request for the client's script was answered by the app itself.

        :param status: the status of that answer.
        """
        text = (
            "A before_request function of the app, or an extension's, has answered the request for "
            "the client's script, endpoint %r, by {}: the page is without its client. Let the "
            "endpoint through as 'static'; if the page is for strangers, a log-in say, let "
            "'realtime.socket' and 'realtime.session' through, too."
        )
        if request.method == "GET" and SOCKET_IN_ENVIRON not in request.environ:
            self._give(text.format(status))

    def handshake_kept_back(self, status: int) -> None:
        """Warn that the current handshake of a socket was answered by the app itself.

        :param status: the status of that answer.
        """
        self._give(
            "A before_request function of the app, or an extension's, has answered the handshake "
            f"of a page's socket, endpoint %r, by {status}: the page hears nothing. Let the "
            "endpoint through, unless the page is to have no socket."
        )

    def no_such_channel(self, why: str) -> None:
        """Warn that the view of the current request asks for a channel by what cannot be a name.

        :param why: what is wrong with the name, which a visitor may have made up.
        """
        if self._is_new("no such channel"):
            logger.warning(
                "The view %r asks for a channel by what cannot be a name, and the request is "
                "answered 404 unless the view handles that: %.500s (If the visitor has made the "
                "name up, nothing is amiss; of each view this is said once.)",
                request.endpoint,
                why,
            )

    def subscription_without_page(self, channel: str, status: int) -> None:
        """Say, in debug mode, that the current request subscribes nobody.

        :param channel: what the view wanted to subscribe its page to.
        :param status: the status of the response, which is no page.
        """
        self._tell(
            "The view %r subscribes to %r without effect: its response (%d) is not a page that "
            "gets an id, and the request names no open page. A script names its page if it asks "
            "by realtime.fetch or realtime.call, and not by plain fetch.",
            channel,
            status,
        )

    def act_on_no_page(self, act: str) -> None:
        """Say, in debug mode, that what a view does to the asking page has no effect.

        Nothing is said of a navigation, since it leaves the page.

        :param act: what the view does, such as ``"disconnects its page"``.
        """
        is_navigation = request.headers.get("Sec-Fetch-Mode") == "navigate"
        if not is_navigation and asking_page(True) is None:
            self._tell(
                f"The view %r {act} without effect: the request names no page. A script names its "
                f"page if it asks by realtime.fetch or realtime.call, and not by plain fetch."
            )

    def decorator_above_route(self) -> None:
        """Warn that the view of the current request is not the decorated function."""
        view = present_app().view_functions.get(present_request().endpoint or "")
        if view is not None and getattr(view, _DECORATED, None) is view:
            self._give(
                "The page of the view %r is not subscribed: @realtime.subscribes is written above "
                "the route, so that the route calls the function without it. Write it below the "
                "route, next to the function."
            )

    def session_cookie(self, *paths: str) -> None:
        """Warn, once an app, that browsers do not send the session's cookie to some paths.

        :param paths: the library's paths that need the cookie, without the prefix at which the app
            is mounted.
        """
        app = present_app()
        own = app.session_interface.get_cookie_path(app).rstrip("/")
        if not own:
            return
        missed = [path for path in paths if not f"{request.root_path}{path}/".startswith(f"{own}/")]
        if missed and not self._has_told_of_cookie:
            self._has_told_of_cookie = True
            logger.warning(
                "Browsers send the session cookie only to paths below %r (SESSION_COOKIE_PATH, "
                "else APPLICATION_ROOT), and %s is not below it: the session is missing there, "
                "so no socket opens (403). Set SESSION_COOKIE_PATH to a path above it, or set "
                "REALTIME_PATH and REALTIME_URL_PREFIX to paths below the cookie's path.",
                own,
                f"{request.root_path}{missed[0]}",
            )

    def _give(self, text: str) -> None:
        """Log a warning about the view of the current request."""
        if self._is_new(text):
            logger.warning(text, request.endpoint)

    def _tell(self, text: str, *values: Any) -> None:
        """Log in debug mode, and not as a warning, what may be just as the app wants it."""
        # Debug mode makes the app's own logger show it.
        if current_app.debug and self._is_new(text):
            current_app.logger.info(f"realtime: {text}", request.endpoint, *values)

    def _is_new(self, text: str) -> bool:
        if (request.endpoint, text) in self._given:
            return False
        self._given.add((request.endpoint, text))
        return True
