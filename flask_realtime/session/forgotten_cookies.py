"""Remember cookies that a log-out by a message has taken away, and that the browser still has.

Where the server keeps the session, the log-out is saved at once. The browser loses the cookie by
which Flask-Login remembers the user only when the page fetches what the message has changed; until
then each request of the browser would log the user in again, and for good where the tab has died.
Therefore the session notes the cookie: whoever brings it with that session is not logged in by it,
and the answer takes it away.

Flask-Login remembers a user by the same cookie in all browsers, and after each log-in. Other
browsers have other sessions, without such a note; and the next log-in takes the note out.

A session that the log-out has emptied is deleted from its store, and the browser gets another id.
The store holds a session under the former id then with nothing but the note, which no request goes
on with.
"""

from __future__ import annotations

import logging

from flask import Request, Response
from flask.sessions import NullSession

from ..flask_contexts import present_app, present_request
from ..identity.keys import forgotten_digest
from ..page.client import SOCKET_IN_ENVIRON
from ..page.former_session import session_as_it_came
from ..page.secret_keys import secret_keys
from ..page.session_ids import CAME_ID, has_unknown_id
from ..page.sessions import (
    PERMANENT,
    may_be_saved,
    open_without_cookie,
    present_session,
    save_under,
    value_in,
)
from .logins import has_logged_in
from .remember_cookie import (
    begins_remembering,
    ends_remembering,
    hide_remembering,
    hides_remembering,
    remembering_cookie,
    take_hidden_away,
)

logger = logging.getLogger(__name__)

#: The key in the session that holds a digest of the cookie.
FORGOTTEN = "realtime_forgotten"
# Where the environ of a message holds the digest that it has noted.
_NOTED = "flask_realtime.noted_log_out"
# Where the environ holds the id of a session that was put aside, since it holds nothing but a note.
_PUT_ASIDE = "flask_realtime.id_put_aside"
# Set in the environ of a request during which a log-in has taken the note out of the session.
_IS_OVER = "flask_realtime.is_note_over"


def hide_forgotten() -> None:
    """Hide the remember cookie of the current request from Flask-Login, if its session says so.

    Call it before anything reads the session. A session that says nothing else is put aside.
    """
    session = present_session()
    note = value_in(session, FORGOTTEN)
    if note is None:
        return
    if not {*session} - {FORGOTTEN, PERMANENT}:
        present_request().environ[_PUT_ASIDE] = getattr(session, "sid", "")
        open_without_cookie()
    cookie = remembering_cookie()
    if cookie and note in [forgotten_digest(key, cookie) for key in secret_keys()]:
        hide_remembering()


def settle_forgotten(request: Request, response: Response) -> None:
    """Take the cookie away that was hidden, and the note where the request logs somebody in; note
    what a message takes away. Call it before the session is saved, where a store keeps it."""
    _take_away(request, response)
    _settle_log_in(request, response)
    if SOCKET_IN_ENVIRON in request.environ:
        _note_log_out(request, response)


def keep_note() -> None:
    """Have the app's store keep what a message has noted, if its session has no longer the id that
    the browser has. The session is saved already."""
    environ, session = present_request().environ, present_session()
    note = environ.pop(_NOTED, None)
    if note is None or isinstance(session, NullSession):
        return
    if not session or getattr(session, "sid", None) != environ[CAME_ID]:
        _keep_under(environ[CAME_ID], {FORGOTTEN: note})


def _keep_under(session_id: str, values: dict[str, str]) -> None:
    try:
        save_under(session_id, values)
    except Exception:
        logger.exception(
            "A log-out may be lost with its tab, or a log-in with a late answer, "
            "since the store notes nothing."
        )


def _take_away(request: Request, response: Response) -> None:
    """Have *response* take away the cookie that was hidden. The answer to a handshake sets none.

    Somebody may have logged in meanwhile, whom the same cookie remembers. The store holds the
    session without the note then: the answer leaves the cookie alone, and the session that is
    saved with it does not bring the note back.
    """
    session = present_session()
    is_saved = FORGOTTEN in session and may_be_saved()
    if response.status_code == 101 or not (is_saved or hides_remembering()):
        return
    if _is_still_noted(request):
        take_hidden_away(response)
    elif is_saved:
        request.environ[_IS_OVER] = True
        del session[FORGOTTEN]


def _settle_log_in(request: Request, response: Response) -> None:
    """Take the note out of the session where the request logs somebody in, and out of the session
    that was put aside: the answer to another request under way would go by it, and take away the
    cookie that remembers the log-in."""
    if FORGOTTEN in present_session() and _logs_in(response):
        del present_session()[FORGOTTEN]
    if _PUT_ASIDE in request.environ and _logs_in(response):
        _keep_under(request.environ.pop(_PUT_ASIDE), {})


def _note_log_out(request: Request, response: Response) -> None:
    """Note the remember cookie that a message takes away with *response*, before the session is
    saved; or keep what an earlier message has noted, whatever this one does to the session."""
    session = present_session()
    if isinstance(session, NullSession) or has_unknown_id():
        return
    cookie = remembering_cookie() if ends_remembering(response) else ""
    is_over = _IS_OVER in request.environ
    came = None if is_over else value_in(session_as_it_came(is_deep=False), FORGOTTEN)
    note = forgotten_digest(secret_keys()[0], cookie) if cookie else came
    if note is None:
        return
    request.environ[_NOTED] = note
    is_meant = bool(session) and (bool(cookie) or not _logs_in(response))
    # A message that changes nothing else is not to save the session, over what others write there.
    if is_meant and value_in(session, FORGOTTEN) != note:
        session[FORGOTTEN] = note


def _is_still_noted(request: Request) -> bool:
    app = present_app()
    if (getattr(present_session(), "sid", None) or "") != request.environ[CAME_ID]:
        # The request has given the session another id, and its store has deleted the former.
        return True
    try:
        stored = app.session_interface.open_session(app, request)
    except Exception:
        # The store has gone away: what the request came with is all that is known.
        return True
    return stored is not None and FORGOTTEN in stored


def _logs_in(response: Response) -> bool:
    return has_logged_in() or begins_remembering(response)
