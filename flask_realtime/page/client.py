"""The client that the current request acts on: one page of one browser."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from flask import current_app, request, session
from flask.sessions import NullSession, SessionMixin

from ..errors import InvalidSetting
from ..identity.keys import (
    CONNECTION_ID,
    CONNECTION_ID_HEADER,
    SOCKET_KEY,
    digest,
    is_connection_id,
    new_connection_id,
    new_socket_key,
    session_digest,
)

logger = logging.getLogger(__name__)

#: Where a request's environ holds the id it acts on; preset for a message of a socket.
CONNECTION_ID_IN_ENVIRON = "flask_realtime.connection_id"
#: Likewise its client and browser session, preset for a message of a socket alone: a handler that
#: clears the session acts on the socket it came by all the same.
DIGEST_IN_ENVIRON = "flask_realtime.digest"
SESSION_DIGEST_IN_ENVIRON = "flask_realtime.session_digest"
#: A function, preset for a message of a socket alone: has that socket, if it is to end, do so only
#: behind the reply to the message.
DISCONNECT_BEHIND_REPLY_IN_ENVIRON = "flask_realtime.disconnect_behind_reply"
#: Whether the page had a socket before the one that the message came by, preset for a message of
#: a socket alone.
IS_RESUMED_IN_ENVIRON = "flask_realtime.is_resumed"
#: Whether this request has subscribed its client to anything.
IS_SUBSCRIBED_IN_ENVIRON = "flask_realtime.is_subscribed"

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def current_connection_id(reads_body: bool = True) -> str:
    """The id of the page that made this request, or else of the page that it will render.

    A page names its id in the header, the query, a form or a JSON object, and the first place
    with a well-formed one counts. The answer stays the same until the request ends.

    :param reads_body: False looks at a form or at JSON only if the view has read it already.
    """
    chosen = request.environ.get(CONNECTION_ID_IN_ENVIRON)
    if not isinstance(chosen, str):
        named = next(filter(_is_usable, _named_ids(reads_body)), None)
        chosen = str(named or new_connection_id())
        request.environ[CONNECTION_ID_IN_ENVIRON] = chosen
    return chosen


def peek(opened: SessionMixin, accessed: bool) -> str | None:
    """The socket key in a session, None if there is none.

    :param accessed: whether the app has used the session, as it stands there afterwards: that we
        look at it is no use, of which Flask would tell in a ``Vary`` header.
    """
    key = _key_in(opened)
    opened.accessed = accessed
    return key


def known_socket_key() -> str | None:
    """The socket key of this browser session, None if it has none yet."""
    return _key_in(session)


def has_client() -> bool:
    """Whether this request's browser session has a client that could be known to anyone."""
    return DIGEST_IN_ENVIRON in request.environ or known_socket_key() is not None


def current_socket_key() -> str:
    """The socket key of this browser session, which gets one if it has none.

    :raises InvalidSetting: if the app has no sessions, for want of a ``SECRET_KEY``.
    """
    key = known_socket_key()
    if key is None:
        _secret_key()
        key = session[SOCKET_KEY] = new_socket_key()
    return key


def current_digest() -> str:
    """The digest of this request's client.

    :raises InvalidSetting: as :func:`current_socket_key` does.
    """
    preset = request.environ.get(DIGEST_IN_ENVIRON)
    if isinstance(preset, str):
        return preset
    return digest(_secret_key(), current_socket_key(), current_connection_id())


def asking_digest() -> str | None:
    """Return the digest of the page that made this request, or whose message is being handled.

    None where the request names no page, or has no session by which one could be known; no session
    is begun for it.
    """
    preset = request.environ.get(DIGEST_IN_ENVIRON)
    if isinstance(preset, str):
        return preset
    named = next(filter(_is_usable, _named_ids(True)), None)
    key = None if named is None else known_socket_key()
    return None if key is None else digest(_secret_key(), key, str(named))


def known_digests() -> list[tuple[str, str]]:
    """The digests of this request's client and of its browser session, if they may be known to
    anyone; two pairs where the session was cleared and begun anew since the request came."""
    preset = request.environ.get(DIGEST_IN_ENVIRON)
    if isinstance(preset, str):
        return [(preset, request.environ[SESSION_DIGEST_IN_ENVIRON])]
    keys = dict.fromkeys(filter(None, (known_socket_key(), _socket_key_at_first())))
    return [
        (digest(_secret_key(), key, current_connection_id()), session_digest(_secret_key(), key))
        for key in keys
    ]


def disconnect_behind_reply() -> None:
    """Have the socket by which this request came, if it did, end only behind the reply to it."""
    hold = request.environ.get(DISCONNECT_BEHIND_REPLY_IN_ENVIRON)
    if hold is not None:
        hold()


def _socket_key_at_first() -> str | None:
    """The socket key that came with the request, whatever has become of its session."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    opened = app.session_interface.open_session(app, request)
    return None if opened is None else _key_in(opened)


def _key_in(opened: SessionMixin) -> str | None:
    key = opened.get(SOCKET_KEY)
    return key if isinstance(key, str) and key else None


def _named_ids(reads_body: bool) -> Iterator[object]:
    yield request.headers.get(CONNECTION_ID_HEADER)
    yield request.args.get(CONNECTION_ID)
    # What Werkzeug has parsed it keeps in the request's dict. To read a body that the view left
    # alone could take long, and answer 413 where the view would not have.
    read = vars(request._get_current_object())  # type: ignore[attr-defined]
    if request.mimetype in _FORMS and (reads_body or "form" in read):
        yield request.form.get(CONNECTION_ID)
    if request.is_json and (reads_body or "_cached_data" in read):
        body = request.get_json(silent=True)
        yield body.get(CONNECTION_ID) if isinstance(body, dict) else None


def _is_usable(named: object) -> bool:
    if named is not None and not is_connection_id(named):
        logger.debug("A malformed connection id was ignored: %.200r", named)
    return is_connection_id(named)


def _secret_key() -> str | bytes:
    secret = current_app.secret_key
    if not secret or isinstance(session, NullSession):
        raise InvalidSetting(
            "SECRET_KEY is not set, and without it no page can be told from another's: "
            "set app.secret_key, or SECRET_KEY in app.config, to a long random text."
        )
    return secret
