"""The one hook of each kind by which the parts of the extension act on an app's requests.

Flask calls each hook of an app at each request, whether the hook has anything to do or not, and
takes as long for the call itself as most parts take to see that they have nothing to do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flask import Flask, Request, Response, after_this_request

from .flask_contexts import present_request

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_EXTENSION = "realtime_hooks"
# The names of keys in an environ under which the library notes something all begin so.
_OURS = "flask_realtime."
#: The key that is set if the request is a socket's handshake, or a handshake that lost its headers.
IS_NO_PAGE = "flask_realtime.is_no_page"
#: The key that is set if the request is for parts of a page that is open. They need no id, which
#: would begin a session: its cookie might take the place of one that is on its way.
IS_FOR_PARTS = "flask_realtime.is_for_parts"
#: The key that holds the time at which the request came, to whichever app first.
CAME_AT = "flask_realtime.came_at"
# The key that holds which app is asked, and by which request.
_ASKED = "flask_realtime.asked"
# The key that is set once the app has answered the request.
_IS_ANSWERED = "flask_realtime.is_answered"
# The key that holds what was noted for a request that waits for the answer to another one.
_ASIDE = "flask_realtime.aside"

Begin = Callable[[Request], None]
Answer = Callable[[Request, Response], Response]


class RequestHooks:
    """What the parts of the extension do at each request of one app.

    The parts stand around the app like the skins of an onion, the one that was added last
    outermost: it is the first to begin, and the last to end.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._begins: tuple[Begin, ...] = ()
        self._returned: tuple[Answer, ...] = ()
        self._ends: tuple[Answer, ...] = ()
        # The hook is first in the list, so that the app does nothing for a request that has to come
        # back later.
        app.url_value_preprocessors.setdefault(None, []).insert(0, self._begin)

    def add(
        self, begin: Begin | None = None, returned: Answer | None = None, end: Answer | None = None
    ) -> None:
        """Have one part act on each request from now on.

        :param begin: called before any function of the app, with the request.
        :param returned: called as soon as the view has returned, before any ``after_request``
            function, with the request and the response. It is not called if Flask or a function of
            the app has failed before, nor for a request that ``IS_NO_PAGE``.
        :param end: called after all ``after_request`` functions of the app, with the request and
            the response; returns the response that is to be sent.
        """
        if begin is not None:
            self._begins = (begin, *self._begins)
        if returned is not None:
            self._returned = (returned, *self._returned)
        if end is not None:
            if not self._ends:
                # First in the list, because Flask calls it last.
                self._app.after_request_funcs.setdefault(None, []).insert(0, self._end)
            self._ends = (*self._ends, end)

    def includes(self, function: object) -> bool:
        """Return whether *function* is a hook of this object, and none of the app's own."""
        return getattr(function, "__self__", None) is self

    def _begin(self, _endpoint: str | None, _values: object) -> None:
        request = present_request()
        # The id stands for the request, since a server keeps the environ until the socket ends.
        environ, asked = request.environ, (self, id(request))
        if environ.setdefault(_ASKED, asked) != asked or _IS_ANSWERED in environ:
            _lay_aside(environ)
            environ[_ASKED] = asked
        for begin in self._begins:
            begin(request)
        if self._returned and IS_NO_PAGE not in environ:
            after_this_request(self._note_return)

    def _note_return(self, response: Response) -> Response:
        request = present_request()
        if request.environ.get(_ASKED) != (self, id(request)):
            self._take_up(request)
        for returned in self._returned:
            response = returned(request, response)
        return response

    def _end(self, response: Response) -> Response:
        request = present_request()
        if request.environ.get(_ASKED) != (self, id(request)):
            self._take_up(request)
        for end in self._ends:
            response = end(request, response)
        request.environ[_IS_ANSWERED] = True
        return response

    def _take_up(self, request: Request) -> None:
        """Go on with what was noted for *request* before its view has asked an app."""
        environ, asked = request.environ, (self, id(request))
        while environ.get(_ASKED) != asked and _ASIDE in environ:
            environ.update(_take_notes(environ)[_ASIDE])


def request_hooks(app: Flask) -> RequestHooks:
    """Return the :class:`RequestHooks` of *app*, which gets them at the first call."""
    found: RequestHooks | None = app.extensions.get(_EXTENSION)
    if found is None:
        found = app.extensions[_EXTENSION] = RequestHooks(app)
    return found


def _lay_aside(environ: WSGIEnvironment) -> None:
    """Take out of an environ what was noted of the request when an app was asked before.

    A middleware may ask several apps with one environ, the next one if the first answers 404, or
    ask one app again. And a view may ask an app, such as its own, before it has answered. Each of
    these requests has a page, a session and a user of its own. The notes of a request that waits
    come back when it goes on.
    """
    notes = _take_notes(environ)
    waiting = notes.get(_ASIDE) if _IS_ANSWERED in notes else notes
    if waiting is not None:
        environ[_ASIDE] = waiting


def _take_notes(environ: WSGIEnvironment) -> dict[str, Any]:
    names = [one for one in environ if one.startswith(_OURS) and one != CAME_AT]
    return {name: environ.pop(name) for name in names}
