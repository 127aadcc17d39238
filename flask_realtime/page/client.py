"""The client of the current request: the page that made it, or that it renders."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from flask import Request, session

from ..flask_contexts import present_request
from ..identity.keys import SOCKET_KEY, digest, new_socket_key, session_of
from ..protocol.starts import Start
from .former_session import has_insides, session_as_it_came
from .new_ids import new_page_id
from .requesting_page import open_page
from .secret_keys import names_of_key, secret_keys
from .sessions import may_be_saved, present_session, value_in
from .user_loader import identify

#: Set in an environ once the request has subscribed its client to anything.
IS_SUBSCRIBED_IN_ENVIRON = "flask_realtime.is_subscribed"
#: Set in an environ if the request would have subscribed an open page that cannot be known.
NAMES_NOBODY = "flask_realtime.names_nobody"
CLIENT_IN_ENVIRON = "flask_realtime.client"
#: Set in an environ if the app has written the connection id into the page.
HAS_ID_IN_ENVIRON = "flask_realtime.has_id"
#: Where an environ holds what the session was when the request came: a :class:`Came`.
CAME = "flask_realtime.came"
#: Where the environ of a socket's message, and no other, holds a :class:`SocketOfMessage`.
SOCKET_IN_ENVIRON = "flask_realtime.socket"


class SocketOfMessage(NamedTuple):
    """The socket by which a message came.

    :param connection_id: the connection id of the page.
    :param digest: the digest of the page, which stays the same whatever the message does to its
        session.
    :param disconnect_behind_reply: if the socket is to be closed, has it closed after the reply to
        the message. Given a user, as :func:`.user_of` writes it, that counts for a socket of this
        user alone.
    :param heir: the name under which the message's own changes wait for the browser; begins with
        the digest.
    :param is_resumed: whether the page had a socket before this one.
    """

    connection_id: str
    digest: str
    disconnect_behind_reply: Callable[..., None]
    heir: str
    is_resumed: bool = False


class Came(NamedTuple):
    """What the session was when the request came.

    :param socket_key: the secret of the browser session, None if it had none.
    :param identity: the user that the session belonged to, None for a stranger.
    """

    socket_key: str | None
    identity: str | None


class Client:
    """The page that a request acts on: an open page that made it, or the page that it renders.

    :ivar taken: of an open page, the channels that it will be subscribed to, and from where.
    :ivar asked: for each channel that the request subscribes to, the time behind which a revocation
        takes the channel from the page: see :func:`.decided_at`.
    :ivar left: of an open page, the channels that it leaves, since it shows another view.
    :ivar subscribed_as: the digest of a page that is rendered and subscribed; else None.
    :ivar is_lost: whether subscribing the page has failed; it is told so when its socket opens.
    :ivar is_given_out: whether the app has read the page's id, or the page holds the id.
    :ivar is_over: whether the app has ended the session of the page that made the request.
    :ivar was_over: whether that session had ended already when the app ended it; None: that is not
        known.
    :ivar is_repeated: whether that session had ended only a moment before.
    :ivar successor: the socket key that the session gets at the end of the request if the app has
        ended it, and it had not ended before; empty: none was chosen, or the session had no key.
    """

    __slots__ = (
        "_id", "_is_open", "_key", "_owner", "asked", "is_given_out", "is_lost", "is_over",
        "is_repeated", "left", "socket", "subscribed_as", "successor", "taken", "was_over",
    )  # fmt: skip

    def __init__(self) -> None:
        environ = present_request().environ
        self.socket: SocketOfMessage | None = environ.get(SOCKET_IN_ENVIRON)
        self._id = None if self.socket is None else self.socket.connection_id
        self._is_open = self.socket is not None
        self._key: str | None = None
        # For whom the id was made.
        self._owner: str | None = None
        self.taken: dict[str, Start] = {}
        self.asked: dict[str, float] = {}
        self.left: list[str] = []
        self.subscribed_as: str | None = None
        self.is_lost = False
        self.is_given_out = False
        self.is_over = False
        self.was_over: bool | None = None
        self.is_repeated = False
        self.successor = ""

    def connection_id(self, reads_body: bool = True) -> str:
        """Return the page's id, which stays the same until the request ends.

        :param reads_body: False: look for the id in a form or in JSON only if the view has read
            it already.
        """
        if self._id is None:
            named = open_page(reads_body)
            self._is_open = named is not None
            self._id = named or self._new_id()
        return self._id

    def id_to_write(self) -> str:
        """Return the page's id, which is about to be written into the page.

        The page gets another id if the session belongs to another user since its id was made, and
        the app has not read that id: the id tells for which user the page was rendered.
        """
        if self._id is None:
            return self.connection_id(reads_body=False)
        is_fixed = self.is_given_out or HAS_ID_IN_ENVIRON in present_request().environ
        if not (self._is_open or is_fixed) and self._owner != present_identity():
            self._id = self._new_id()
        return self._id

    def act_on(self, connection_id: str) -> None:
        """Act on the open page of this id, whatever page the request names."""
        self._id, self._is_open = connection_id, True

    @property
    def is_open(self) -> bool:
        """Whether the page is open already, since it made the request or sent the message."""
        self.connection_id()
        return self._is_open

    @property
    def begun_key(self) -> str | None:
        """The socket key that was made for the session, which had none; None: none was made."""
        return self._key

    @property
    def exists(self) -> bool:
        """Whether the page can be known to the registry: without a session an open page cannot."""
        if self.is_open:
            return self.socket is not None or came().socket_key is not None
        return self.subscribed_as is not None

    def digests(self) -> list[str]:
        """Return the digests of the page, by the app's present secret key and by earlier ones.

        A page that is still being rendered has one digest alone, since its id is made just now.

        :raises InvalidSetting: if the app has no sessions, for want of a ``SECRET_KEY``.
        """
        if self.socket is not None:
            return [self.socket.digest]
        came_with, connection_id = came(), self.connection_id()
        if self.is_open:
            key, secrets = came_with.socket_key or self.socket_key(), secret_keys()
        else:
            key, secrets = self.socket_key(), secret_keys()[:1]
        return [digest(one, key, connection_id, came_with.identity) for one in secrets]

    def digest(self) -> str:
        """Return the digest of the page by the app's present secret key; see :meth:`digests`."""
        return self.digests()[0]

    def final_digest(self, identity: str | None) -> str:
        """Return the digest of the page that is being rendered, by the session as it is now.

        :param identity: the user that the session belongs to; None: a stranger.
        """
        return digest(secret_keys()[0], self.socket_key(), self.connection_id(), identity)

    def lose(self) -> None:
        """Note that the page that is being rendered could not be subscribed.

        The page gets another id, which the registry does not know: when its socket opens, the page
        is told that it has missed messages, and does not go on with a part of its channels.
        """
        self.is_lost = True
        self.subscribed_as = None
        if not self.is_given_out:
            self._id = self._new_id()

    def socket_key(self) -> str:
        """Return the socket key of the browser session; a new one is not in the session yet."""
        key = known_socket_key()
        if key is None:
            secret_keys()
            key = self._key = self._key or new_socket_key()
        return key

    def keep_socket_key(self) -> None:
        """Write the socket key into the session."""
        if known_socket_key() is None:
            session[SOCKET_KEY] = self.socket_key()

    def _new_id(self) -> str:
        self._owner = present_identity()
        return new_page_id(self.socket_key, self._owner)


def current_client() -> Client:
    """Return the client of the current request."""
    environ = present_request().environ
    client: Client | None = environ.get(CLIENT_IN_ENVIRON)
    if client is None:
        client = environ[CLIENT_IN_ENVIRON] = Client()
    return client


def is_touched(request: Request) -> bool:
    """Return whether the client of the current request was used, or its session was changed.

    Most requests and messages do neither, and nothing has to be done at their end.

    :param request: the current request.
    """
    return CLIENT_IN_ENVIRON in request.environ or is_session_changed()


def is_session_changed() -> bool:
    """Return whether the current request has changed its session, and saves the change.

    Where the app tells users, what has changed within a value of the session counts as well: Flask
    does not notice it, but saves it if the session is permanent, and Flask-Session in any case.
    """
    session = present_session()
    if session.modified or not (has_insides(session) and identify()):
        return bool(session.modified)
    return may_be_saved() and session_as_it_came() is not session


def client_so_far() -> Client | None:
    """Return the client of this request; None if it is no message, and nothing has asked for it."""
    environ = present_request().environ
    return current_client() if SOCKET_IN_ENVIRON in environ else environ.get(CLIENT_IN_ENVIRON)


def came() -> Came:
    """Return what the session was when the request came.

    It raises whatever the app's function of ``realtime.identify`` raises.
    """
    environ = present_request().environ
    found: Came | None = environ.get(CAME)
    if found is None:
        session = session_as_it_came(is_deep=bool(identify()))
        found = environ[CAME] = Came(_key_in(session), identify().ask(session))
    return found


def present_identity() -> str | None:
    """Return the user that the session belongs to now, None for a stranger."""
    return identify().ask(present_session())


def known_socket_key() -> str | None:
    """Return the socket key of this browser session, None if it has none yet."""
    return _key_in(present_session())


def key_that_came() -> str | None:
    """Return the socket key of the session as it came; the app's function is not called."""
    known: Came | None = present_request().environ.get(CAME)
    return _key_in(session_as_it_came(is_deep=False)) if known is None else known.socket_key


def session_names() -> list[str]:
    """Return the names of the browser session that sent this request.

    There is one name by the app's present secret key, and one by each earlier key; none if the
    session has no socket key.
    """
    socket: SocketOfMessage | None = present_request().environ.get(SOCKET_IN_ENVIRON)
    first = [] if socket is None else [session_of(socket.digest)]
    return list(dict.fromkeys([*first, *names_of_key(key_that_came())]))


def _key_in(session: object) -> str | None:
    key = value_in(session, SOCKET_KEY)  # type: ignore[arg-type]
    return key if isinstance(key, str) and key else None
