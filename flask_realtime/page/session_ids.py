"""The id under which the app's store keeps the session of the current request."""

from __future__ import annotations

from ..flask_contexts import present_app, present_request
from .cookie_sessions import has_cookie_session
from .sessions import present_session

#: Where an environ holds the id that the request's session has in the app's store. The key is
#: missing where the session is in its cookie.
CAME_ID = "flask_realtime.session_id"
#: Where an environ holds a function that tells whether a session has given up the request's id a
#: moment ago, or what that function has returned. The key is missing if the app's store has the id.
HAD_GIVEN_UP_ID = "flask_realtime.had_given_up_id"
_IS_ID_RENEWED = "flask_realtime.is_id_renewed"


def note_id() -> None:
    """Note under which id the session came, if it lives in a store and not in its cookie."""
    session = present_session()
    if isinstance(session, dict) and not has_cookie_session(present_app()):
        present_request().environ[CAME_ID] = getattr(session, "sid", None) or ""


def renew_id() -> None:
    """Give the session another id, if its store can do that, as Flask-Session's stores can.

    The session's cookie holds nothing but the id: without another id, a copy of the cookie would
    go on to show the session, whatever is written into it. An empty session gets no other id, since
    its store deletes it; but it counts as having given up its id, since a request under way may
    write it back.
    """
    regenerate = getattr(present_app().session_interface, "regenerate", None)
    if regenerate is not None:
        regenerate(present_session())
    present_request().environ[_IS_ID_RENEWED] = True


def session_cookie() -> str:
    """Return the cookie that came with the request, and names its session in the app's store.

    Empty if there is none, or if the session itself is in the cookie.
    """
    if CAME_ID not in present_request().environ:
        return ""
    app = present_app()
    return present_request().cookies.get(app.session_interface.get_cookie_name(app), "")


def has_unknown_id() -> bool:
    """Return whether the request came with the id of a session that its store does not hold.

    Flask-Session gives such a request an empty session with another id. The former session has
    expired, was deleted, or has had another id since the browser sent the request: see
    :func:`had_given_up_id`.
    """
    came_id, cookie = present_request().environ.get(CAME_ID, ""), session_cookie()
    # A signature may follow the id.
    return bool(cookie) and not cookie.startswith(came_id)


def had_given_up_id() -> bool:
    """Return whether the request came with an id that its session has given up a moment ago.

    The browser has, or is about to get, the session's other id, which it must not lose. True as
    well where the registry cannot tell.
    """
    environ = present_request().environ
    found = environ.get(HAD_GIVEN_UP_ID, False)
    if callable(found):
        found = environ[HAD_GIVEN_UP_ID] = found()
    return bool(found)


def given_up_cookie() -> str:
    """Return the session's cookie if the session gave up its id during the request, else ``""``."""
    came_id = present_request().environ.get(CAME_ID)
    if not came_id:
        return ""
    session = present_session()
    present_id = getattr(session, "sid", None)
    is_another = present_id and present_id != came_id
    is_deleted = _IS_ID_RENEWED in present_request().environ and not session
    return session_cookie() if (is_another or is_deleted) and not has_unknown_id() else ""
