"""Everything that flask_realtime raises, and the codes with which it closes a socket.

* :class:`RealtimeError`

  * :class:`InvalidSetting` (also a :class:`ValueError`)
  * :class:`AlreadyRegistered` and :class:`SetupFinished` (also :class:`RuntimeError`)
  * :class:`NoContext` (also a :class:`RuntimeError`)
  * :class:`InvalidChannel` (also a :class:`ValueError`)
  * :class:`TooManyChannels` (also a :class:`ValueError`)
  * :class:`InvalidIdentity` (also a :class:`ValueError`)
  * :class:`InvalidMessage` (also a :class:`ValueError`)
  * :class:`WrittenByNobody` and :class:`NotFlushed` (also :class:`RuntimeError`)
  * :class:`HoldsToken` (also a :class:`ValueError`)
  * :class:`UnknownAction` and :class:`NotSubscribed` (also :class:`LookupError`)
  * :class:`RegistryUnavailable` (also a :class:`ConnectionError`)
  * :class:`NobodyListens` (also a :class:`RuntimeError`)
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any


class CloseCode(IntEnum):
    """Why a socket was closed: RFC 6455 section 7.4.1 and the IANA registry."""

    NORMAL = 1000
    PROTOCOL_ERROR = 1002
    NO_STATUS = 1005
    ABNORMAL = 1006
    INVALID_DATA = 1007
    POLICY_VIOLATION = 1008
    TOO_BIG = 1009
    INTERNAL_ERROR = 1011
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013
    #: The page's session has ended, or belongs to somebody else now.
    SESSION_CHANGED = 4001

    def __str__(self) -> str:
        # As of Python 3.11. Python 3.10 gives the name, and other processes are sent the number.
        return str(self.value)


class RealtimeError(Exception):
    """The root of every error that flask_realtime raises.

    Every one of them can be pickled, so that ``multiprocessing`` hands it from a worker process
    to the one that waits for the result.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        # Python's own way calls the class with the finished sentence, which classes that compose
        # their sentence from values do not take: multiprocessing.Pool.map then never returns.
        return _unpickle, (type(self), self.args), self.__dict__


class InvalidSetting(RealtimeError, ValueError):
    """A ``REALTIME_*`` setting, or a setting of Flask that flask_realtime needs, cannot be used."""


class AlreadyRegistered(RealtimeError, RuntimeError):
    """One app has two :class:`~flask_realtime.Realtime`, or two handlers of the same action."""


class SetupFinished(RealtimeError, RuntimeError):
    """A decorator was used after the app had handled its first request."""


class NoContext(RealtimeError, RuntimeError):
    """A method needs the current request or app, and there is none."""


class InvalidChannel(RealtimeError, ValueError):
    """A channel's name cannot be used: it is empty, too long, or holds characters it must not.

    :param reason: what is wrong with it.
    :param text: the name, if it is a text, which may come from a request; None: the app has given
        no name, or none that is a text.
    """

    text: str | None = None

    def __init__(self, reason: str, text: str | None = None) -> None:
        super().__init__(reason)
        self.text = text


class TooManyChannels(RealtimeError, ValueError):
    """A page would be subscribed to more channels than one page may hear.

    :param count: to how many channels the page is subscribed already.
    :param most: ``REALTIME_MAX_CHANNELS_PER_PAGE``.
    """

    def __init__(self, count: int, most: int) -> None:
        super().__init__(
            f"This page is subscribed to {count} channels, and with the new ones they would exceed "
            f"the {most} that REALTIME_MAX_CHANNELS_PER_PAGE allows: unsubscribe it from others, "
            f"let several things share a channel, or raise the setting."
        )
        self.count = count
        self.most = most


class InvalidIdentity(RealtimeError, ValueError):
    """A value was given as a user's id that cannot be one."""


class InvalidMessage(RealtimeError, ValueError):
    """A message of a client is malformed, and is answered with status 400.

    :param reason: what is wrong, in the words that the client is told.
    :param message_id: the client's own id of the message, where it could be read.
    """

    def __init__(self, reason: str, message_id: Any = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.message_id = message_id


class UnknownAction(RealtimeError, LookupError):
    """A client's message names an action that has no handler.

    :param action: the action that the message named.
    :param known: the actions that have a handler.
    """

    def __init__(self, action: str, known: Sequence[str]) -> None:
        super().__init__(
            f"There is no handler for the action {action!r}; the actions are: {', '.join(known)}."
        )
        self.action = action


class NotSubscribed(RealtimeError, LookupError):
    """A message for one client was pushed to a channel to which the client never was subscribed.

    :param digest: the client's digest.
    :param channel: the channel's name.
    """

    def __init__(self, digest: str, channel: str) -> None:
        super().__init__(
            f"Client {digest[:8]} is not subscribed to {channel!r}, so it would not receive this "
            f"message; call realtime.socket.subscribe({channel!r}) in the view that renders its "
            f"page."
        )
        self.channel = channel


class WrittenByNobody(RealtimeError, RuntimeError):
    """A fragment, which is rendered without any visitor's session, tried to write the session.

    :param what: what runs, as a sentence names it: ``"The template '_row.html'"``.
    """

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} is rendered once for all pages, without any visitor's session, so it cannot "
            f"change a session, as csrf_token() and flash() do. Use a block for what differs "
            f"between visitors."
        )


class HoldsToken(RealtimeError, ValueError):
    """Content for all pages holds the CSRF token of the current request's visitor.

    :param what: where the content comes from, as a sentence names it.
    """

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} holds the CSRF token of the visitor who makes this request. It goes to other "
            f"visitors too, and each of them could use the token to send forms in this visitor's "
            f"name. Either a form was passed to the template, or the content was rendered for "
            f"this visitor: leave the form out, or use a block for what differs between visitors."
        )


class NotFlushed(RealtimeError, RuntimeError):
    """A fragment's template is passed a row whose primary key is None until a flush."""


class NobodyListens(RealtimeError, RuntimeError):
    """A push, or the end of a user's sockets, cannot reach anybody: this process serves no
    requests, and there is no Redis."""

    def __init__(self) -> None:
        super().__init__(
            "This process serves no requests, and without REALTIME_REDIS a push, or an order to "
            "close a user's sockets, reaches only the sockets of its own process: here it "
            "reaches none. Set REALTIME_REDIS here and in the web processes. If it is meant to "
            "reach nobody, in a test for example, set REALTIME_REGISTRY='memory'."
        )


class RegistryUnavailable(RealtimeError, ConnectionError):
    """Redis did not do in time what it was asked, or refused it.

    A push that failed may have been accepted all the same. Pushing it again with its *push_id*
    never makes a second message.

    :param reason: what happened, with the server's address and without its password.
    :param push_id: the id of the push that failed; None: what failed was no push.
    :param accepted: the channels whose logs are known to have taken the message.
    """

    def __init__(
        self, reason: str, push_id: str | None = None, accepted: Sequence[str] = ()
    ) -> None:
        super().__init__(reason)
        self.push_id = push_id
        self.accepted = tuple(accepted)


def _unpickle(kind: type[RealtimeError], args: tuple[Any, ...]) -> RealtimeError:
    error = kind.__new__(kind)
    # Set, not passed: OSError, an ancestor of RegistryUnavailable, takes arguments as an errno.
    error.args = args
    return error
