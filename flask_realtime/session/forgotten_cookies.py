"""Remember cookies by which nobody is to be logged in behind a log-out by a message.

Where the server keeps the session, the log-out is saved at once. The browser loses the cookie by
which Flask-Login remembers the user only when the page fetches what the message has changed; until
then each request of the browser would log the user in again, and for good where the tab has died.
Therefore the session notes the user: whoever brings a cookie of that user with that session is not
logged in by it, and the answer takes it away. Whether the browser has one is not known, as
:mod:`.remember_cookie` says: each log-out is noted.

Flask-Login remembers a user by the same cookie in all browsers, and after each log-in. Other
browsers have other sessions, without such a note; and the next log-in takes the note out. A log-in
by a message does so only for the user whom it has remembered: the browser has the former cookie
still, and would have another one only once its page has fetched it.

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
    hide_remembering,
    hides_remembering,
    remembering_cookie,
    take_hidden_away,
    user_in,
    users_remembered,
    users_to_forget,
)

logger = logging.getLogger(__name__)

#: The key in the session that holds the note: a digest of each user, with a space between them.
FORGOTTEN = "realtime_forgotten"
# Where the environ of a message holds the note that its session is to have.
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
    user = user_in(remembering_cookie())
    if user is not None and _names(note, user):
        hide_remembering()


def settle_forgotten(request: Request, response: Response) -> None:
    """Take the cookie away that was hidden, and the note where the request logs somebody in; note
    whom a message logs out. Call it before the session is saved, where a store keeps it."""
    _take_away(request, response)
    if SOCKET_IN_ENVIRON in request.environ:
        _settle_message(request, response)
    elif _has_note() and _logs_in(response):
        _drop_note(request)


def is_noted() -> bool:
    """Return whether the session of the current message is to have a note."""
    return _NOTED in present_request().environ


def is_cookie_forgotten() -> bool:
    """Return whether the browser is to lose its remember cookie still.

    It is if the session has a note, and nobody has logged in since who would be remembered by that
    cookie. The current request need not bring the cookie, which may be for another path.
    """
    note, user = value_in(present_session(), FORGOTTEN), user_in(remembering_cookie())
    return _has_note() and (note is None or user is None or _names(note, user))


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


def _drop_note(request: Request) -> None:
    """Take the note out of the session, and out of the session that was put aside: the answer to
    another request under way would go by it, and take away the cookie that remembers the log-in."""
    if FORGOTTEN in present_session():
        del present_session()[FORGOTTEN]
    _drop_put_aside(request)


def _drop_put_aside(request: Request) -> None:
    if _PUT_ASIDE in request.environ:
        _keep_under(request.environ.pop(_PUT_ASIDE), {})


def _settle_message(request: Request, response: Response) -> None:
    """Note whom a message logs out, beside whom earlier ones have, and not whom *response* has
    Flask-Login remember. The session may be another one than that with which the message came."""
    session = present_session()
    lines = response.headers.getlist("Set-Cookie")
    remembered = users_remembered(lines)
    if remembered:
        _drop_put_aside(request)
    if isinstance(session, NullSession) or has_unknown_id():
        return
    noted = _noted_before(request) + [_digests(one)[0] for one in users_to_forget(lines)]
    over = {digest for one in remembered for digest in _digests(one)}
    note = " ".join(one for one in dict.fromkeys(noted) if one not in over)
    if note:
        request.environ[_NOTED] = note
    # A message that changes nothing else is not to save the session, over what others write there.
    if note and session and value_in(session, FORGOTTEN) != note:
        session[FORGOTTEN] = note
    elif not note and FORGOTTEN in session:
        del session[FORGOTTEN]


def _noted_before(request: Request) -> list[str]:
    """Return what the session had noted when the current request came, unless that is over."""
    if _IS_OVER in request.environ:
        return []
    note: str = value_in(session_as_it_came(is_deep=False), FORGOTTEN) or ""
    return note.split()


def _has_note() -> bool:
    """Return whether the session with which the current request came has a note, be it put aside or
    not: nobody has logged in since by HTTP."""
    return FORGOTTEN in present_session() or _PUT_ASIDE in present_request().environ


def _names(note: str, user: str) -> bool:
    return not {*_digests(user)}.isdisjoint(note.split())


def _digests(user: str) -> list[str]:
    """Return what may be noted of a user: by the secret key of now, and then by earlier ones."""
    return [forgotten_digest(key, user) for key in secret_keys()]


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
