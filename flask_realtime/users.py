"""``realtime.user(id)``: one user, with all of the user's pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from flask import has_request_context

from .asked_channels import names_asked_for
from .flask_contexts import present_request
from .identity.users import identity_of, user_of
from .page.client import SOCKET_IN_ENVIRON, SocketOfMessage
from .page.request_times import note_disconnect, note_revocation
from .registries.records import Disconnect, End, UserEnd


class EndingNode(Protocol):
    """The part of this process's :class:`.Node` that :class:`User` needs."""

    def end(self, ends: Sequence[End]) -> object:
        """End something: here at once, and elsewhere as soon as the registry takes it."""


class User:
    """One user, by the id that the function of ``realtime.identify`` returns.

    Neither method raises an error if Redis is away or refuses to write: each acts on the sockets of
    this process at once. Other processes are told as soon as Redis takes it, even while it refuses
    to write; that the pages may not come back is noted in Redis when it writes again. What Redis
    has not taken yet waits in the memory of this process, and is lost if the process ends before.

    :param node: returns the node of this process; None if ``REALTIME_ENABLED`` is False. It raises
        :exc:`~flask_realtime.NobodyListens` in a process that reaches no sockets.
    :param user_id: the user's id.
    :raises InvalidIdentity: if *user_id* is None, empty, or no id.
    """

    __slots__ = ("_node", "_user")

    def __init__(self, node: Callable[[], EndingNode | None], user_id: Any) -> None:
        self._node = node
        self._user = user_of(identity_of(user_id))

    def disconnect(self) -> None:
        """Close all sockets of the user (code 1000), in all processes.

        None of the user's present pages connects again, whether it is open or away. Call it for a
        ban, or when a password has changed. Pages that are rendered later connect as ever: whether
        the user may log in again is for the app to decide. If it is the user's own message that
        calls this, its socket is closed behind the reply.

        :raises NobodyListens: in a process that serves no requests, a command for example, if no
            Redis tells the others.
        """
        node = self._node()
        if node is not None and self._user is not None:
            _have_reply_sent_first(self._user)
            node.end([UserEnd(self._user), Disconnect(user=self._user)])
            note_disconnect(self._user)

    def unsubscribe(self, *channels: Any) -> None:
        """End the subscriptions to *channels* of all pages of the user, in all processes.

        Call it to put a user out of a room, for example. Pages that are away are put out too, and
        so are pages whose request, or message, is being handled. A request or message that comes
        later, and subscribes a page of the user, lets that page hear the channels again.

        :param channels: names, or lists of them.
        :raises InvalidChannel: if no channel is given, or one is not a valid name.
        :raises NobodyListens: as :meth:`disconnect` does.
        """
        names = names_asked_for(channels)
        node = self._node()
        if node is not None and self._user is not None:
            node.end([UserEnd(self._user, name) for name in names])
            note_revocation()


def _have_reply_sent_first(user: str) -> None:
    """If this is a message of one of the user's sockets, have that closed behind its reply alone.

    The reply tells the page what becomes of it, and of a log-out which cookies it has to fetch.
    """
    environ = present_request().environ if has_request_context() else {}
    socket: SocketOfMessage | None = environ.get(SOCKET_IN_ENVIRON)
    if socket is not None:
        socket.disconnect_behind_reply(user)
