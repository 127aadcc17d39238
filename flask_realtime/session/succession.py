"""Which key a browser session has behind a request that has ended it.

Pages connect by a key that lives. A thief with a copy of a cookie whose session has ended must not
get such a key, neither by ending the session once more nor by having the app begin it anew. What
decides is whose the session is at the end of the request, and whether it had ended before:

=============================  =======================  =========================  ================
whose it is now                it had not ended         it had ended               that is not known
=============================  =======================  =========================  ================
another user's, or nobody's    a new key                a new key                  a new key
the same user's, who logged    a new key                a new key                  a new key
in by ``login_user``
the same user's, otherwise     a new key, that lives    the former key             the former key
                               as long as no earlier
                               end becomes known
=============================  =======================  =========================  ================

It had not ended if the registry has noted the end by this request, and says that it is the first. A
registry that is away, hangs or refuses to write says nothing; that no end is noted in it proves
nothing, since an end may wait in another process. Such an end is told late, and ends the successor
that another end has given the session meanwhile: see :meth:`.Registry.end_session`.

A session that was emptied is nobody's, even if the app still names the user whom it has found
before that: see :func:`names_nobody`. A session that has no key yet gets one when a user logs in:
see :func:`lacks_key`.

Only the last row needs the registry's answer. Nothing waits for it in this process: sockets are
closed, and pages turned away, before the registry is asked or while it is silent. A session that
nobody ends, since the same user logs in by ``login_user`` once more, gets a new key as well, unless
it is known to live: see :meth:`.EndOfRequest._is_begun_anew`.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from flask import Response, current_app
from flask.sessions import SecureCookieSession

from ..errors import CloseCode
from ..flask_contexts import present_app
from ..identity.keys import SOCKET_KEY, inherited_socket_key, new_socket_key, session_digest
from ..identity.users import user_of
from ..page.client import (
    Client,
    is_session_changed,
    key_that_came,
    known_socket_key,
    session_names,
)
from ..page.cookie_sessions import has_cookie_session
from ..page.former_session import differ, session_as_it_came
from ..page.identities import identity_now, identity_that_came
from ..page.secret_keys import secret_keys, secret_keys_of
from ..page.sessions import PERMANENT, present_session
from ..page.user_loader import identify
from ..registries.records import Disconnect, End, SessionEnd
from .known_ends import JUST_SECONDS
from .logins import has_logged_in
from .pending_changes import FLASHES
from .remember_cookie import ends_remembering

logger = logging.getLogger(__name__)


def has_changed(client: Client | None) -> bool:
    """Return whether the session was cleared, ended by the app, or belongs to another user now."""
    if client is not None and client.is_over:
        return True
    if not is_session_changed():
        return False
    key = known_socket_key()
    # Only a session that was cleared loses its key. To open the session again, so as to compare
    # the users, takes time.
    was_begun = client is not None and client.begun_key is not None
    if key is not None and not was_begun and not identify():
        return False
    before = key_that_came()
    if before is None:
        return False
    return key != before or belongs_to_another()


def belongs_to_another() -> bool:
    """Return whether the session is another user's than when the request came, or nobody's now."""
    return identity_now() != identity_that_came()


def logs_in() -> bool:
    """Return whether the request makes the session another user's."""
    return bool(identify()) and identity_now() is not None and belongs_to_another()


def lacks_key() -> bool:
    """Return whether the session is saved as a user's, and has no key.

    This happens at a log-in before the first page, and where the app has cleared the session first.
    A log-out can only end a key: a page that is still being rendered then, maybe the user's first,
    needs a key that can be ended. An app that does not tell users pays nothing.
    """
    if not (identify() and is_session_changed()) or known_socket_key() is not None:
        return False
    return bool(present_app().secret_key) and identity_now() is not None


def may_be_copied() -> bool:
    """Return whether all that the request shows could be done with a copy of the session's cookie.

    That is so if the session is the same user's as when the request came, and no log-in by
    Flask-Login says that the user has shown a password.
    """
    return _is_the_same() and not has_logged_in()


def names_nobody(client: Client | None) -> bool:
    """Return whether nothing is left in the session that names the user whom the app still names.

    The app may have found its user for the whole request before it emptied the session. What the
    request has written there since, such as a message to show, is nobody's then: the app's function
    says so, asked as if for another request. Where it does not know the session as it came either,
    it goes by something else.
    """
    now, key = dict(present_session()), known_socket_key()
    if (key is None or has_new_key(client)) and not {*now} - {SOCKET_KEY, PERMANENT}:
        return True
    came, user = dict(session_as_it_came()), identity_that_came()
    # A stranger's session that is the same stranger's has not been emptied.
    if user is None or _named_in(now) is not None:
        return False
    return _named_in(came) == user


def _named_in(values: dict[str, Any]) -> str | None:
    """Return the user whom the app finds in a session of *values*, asked as if for a request of its
    own; None also where the app's function fails, as it may for strangers."""
    try:
        return identify().ask(SecureCookieSession(values))
    except Exception:
        logger.debug("The function of realtime.identify failed.", exc_info=True)
        return None


def new_successor(client: Client | None) -> str:
    """Return the socket key of the session that is to take the place of the request's.

    If the request is a message, and the session is in a cookie, the browser gets that key when it
    fetches what the message has changed. A session that the app has begun anew may have a key.
    """
    heir, key = heir_of(client), known_socket_key()
    if heir and has_cookie_session(current_app):
        return inherited_socket_key(secret_keys()[0], heir)
    return key if key is not None and has_new_key(client) else new_socket_key()


def has_new_key(client: Client | None) -> bool:
    """Return whether this request has made the key that the session may have.

    Any other key has ended, or ends now: an app may put a user's session aside, to show the site as
    another user sees it, and bring it back with the key that it had.
    """
    key = known_socket_key()
    return client is not None and key is not None and key == client.begun_key


def is_repetition(ended_ago: int | None) -> bool:
    """Return whether a session ended so lately that the same form may have been sent twice.

    :param ended_ago: how many ms ago the session had ended; 0: it had not; None: not known.
    """
    return ended_ago is not None and 0 < ended_ago < JUST_SECONDS * 1000


def is_worth_saving(is_repeated: bool) -> bool:
    """Return whether the session is saved that goes on with its former, ended key.

    If the session had ended only a moment ago, the browser may have the living key by now, by the
    answer to the same form sent once before; a cookie of this answer would replace it. What that
    answer has done as well is not worth it: what the app has taken out, and a message to show.

    :param is_repeated: whether the session had ended only a moment before the request.
    """
    before, now = dict(session_as_it_came()), dict(present_session())
    if is_repeated and has_cookie_session(current_app):
        now.pop(FLASHES, None)
        before = {key: value for key, value in before.items() if key in now}
    return differ({**before, SOCKET_KEY: None}, {**now, SOCKET_KEY: None})


def ends_of(client: Client | None, names: Sequence[str], successor: str = "") -> list[End]:
    """Return the ends of the browser session that sent the request.

    :param names: the session's names, by the app's present secret key and by earlier ones.
    :param successor: the socket key that the session is to have from now on, if that is to live
        only as long as no earlier end becomes known.
    """
    key = key_that_came()
    successors = {}
    if successor and key is not None:
        successors = {
            session_digest(one, key): session_digest(one, successor) for one in secret_keys()
        }
    return [SessionEnd(name, heir_of(client), successors.get(name, "")) for name in names]


def orders_for(
    names: Sequence[str], code: CloseCode = CloseCode.NORMAL, is_left: bool = False
) -> list[End]:
    """Return the orders to close the sockets of the browser session that sent the request.

    :param is_left: whether the browser gets another session, that of another user or of nobody.
    """
    return [Disconnect(session=name, code=code, is_left=is_left) for name in names]


def ends_if_cleared(client: Client | None) -> list[End]:
    """Return what ends the session that the request came with, and its sockets, if it was cleared.

    For a request whose user nobody can tell, since the app's function fails: a log-out is one all
    the same, which leaves no session in the browser. The socket of a message closes behind the
    reply.
    """
    if key_that_came() in (None, known_socket_key()):
        return []
    if client is not None and client.socket is not None:
        client.socket.disconnect_behind_reply()
    names = session_names()
    return [*ends_of(client, names), *orders_for(names, CloseCode.SESSION_CHANGED)]


def forgotten_user(response: Response) -> str | None:
    """Return the user whom Flask-Login remembers no longer, as orders name users; else None.

    :param response: the response to a request that has ended the user's session.
    """
    return user_of(identity_that_came()) if ends_remembering(response) else None


def orders_for_remembered(user: str) -> list[End]:
    """Return the order that has a user's sockets come back whom Flask-Login remembers no longer.

    A browser that is started anew may ask for several pages at once with nothing but that cookie.
    Each answer then begins a session, of which the browser keeps one: nobody knows here to which
    browser the others' sockets belong. They come with the browser's present cookie, or not at all.
    """
    return [Disconnect(user=user, code=CloseCode.SERVICE_RESTART)]


def orders_to_come_back(key: str) -> list[End]:
    """Return the orders that have the sockets of a session come back, each with the cookies that
    the browser has then. The request may be one that saves no session.

    :param key: the session's socket key.
    """
    names = [session_digest(one, key) for one in secret_keys_of(present_app())]
    return orders_for(names, CloseCode.SERVICE_RESTART)


def heir_of(client: Client | None) -> str:
    """Return the name of the message that is being handled; empty in any other request."""
    return "" if client is None or client.socket is None else client.socket.heir


def _is_the_same() -> bool:
    """Return whether the session is what it was when the request came: the same user's.

    That of a stranger is another one if it was cleared.
    """
    identity = identity_now()
    if identity is None and known_socket_key() != key_that_came():
        return False
    return identity == identity_that_came()
