"""What the extension object pushes: messages, fragments and refreshes."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from flask import has_request_context

from .audiences import Addressing, Audience
from .html.block_requests import is_for_block
from .identity.users import channel_of, identity_of
from .page.client import asking_digests
from .protocol.channels import check_name, flatten
from .protocol.routes import TO_ALL, Route

if TYPE_CHECKING:
    from .app_publisher import AppPublisher
    from .row_changes import Names

logger = logging.getLogger(__name__)

# More channels of one commit are refreshed in the background: the view need not wait for them.
MOST_REFRESHED_AT_ONCE = 100

_is_quiet: ContextVar[bool] = ContextVar("flask_realtime.is_quiet", default=False)


class Pushing(ABC):
    """The part of :class:`~flask_realtime.Realtime` that pushes."""

    @abstractmethod
    def _publisher(self) -> AppPublisher:
        """Return where the pushes of the current app go out, or those of the only app."""

    @abstractmethod
    def _expect_users(self) -> None:
        """Tell the developer if no page can belong to a user."""

    def push(
        self,
        message: Any,
        *channels: Any,
        pattern: str | None = None,
        push_id: str | None = None,
    ) -> None:
        """Send *message* to every client subscribed to any of *channels*.

        Returns when it has been accepted, not when it has arrived. Clients of one channel receive
        its messages in the order they were pushed; a client that is away gets them when it comes
        back, as far as the log reaches. Works anywhere: in an app context, or where only one app
        was ever initialised.

        :param message: anything the app's JSON provider can encode.
        :param channels: names, or lists of them.
        :param pattern: every channel that fits it gets the message too: ``"room:*"``, where ``*``
            is any run of characters. Costs time in proportion to the channels known.
        :param push_id: a second push with the same id within 300 s is not a second message.
        :raises InvalidChannel: if there is no channel, or a name or the pattern cannot be used.
        :raises RegistryUnavailable: if Redis did not accept it in time.
        """
        self._publisher().push(message, flatten(channels, pattern), push_id)

    def push_many(self, messages: Iterable[tuple[Any, Any]], pattern: str | None = None) -> None:
        """Push several messages, one after the other, in as few round trips as order allows.

        :param messages: pairs of a message and its channel, or a list of channels.
        :param pattern: every channel that fits it gets all of the messages too; the list of
            channels in a pair may be empty then.
        :raises TypeError: if *messages* holds what is no pair.
        :raises InvalidChannel: if a message has no channel, or a name cannot be used.
        :raises RegistryUnavailable: if Redis did not accept them in time.
        """
        self._publisher().push_many(messages, pattern)

    def push_to(self, digest: str, message: Any, channel: str) -> None:
        """Send *message* to one client alone, down a channel to which it is subscribed.

        The message stands in the channel's log: it keeps its place among the channel's messages,
        and waits for a client that is away. Works wherever :meth:`push` does. Nothing happens if
        the client has left the channel, or is not known any more.

        :param digest: what ``realtime.socket.digest`` was in a request of that client.
        :param message: anything the app's JSON provider can encode.
        :param channel: the channel's name, no pattern.
        :raises InvalidChannel: if *channel* is no name.
        :raises NotSubscribed: if the client was never subscribed to *channel*.
        :raises RegistryUnavailable: if Redis did not accept it in time.
        """
        self._publisher().push_to(digest, message, check_name(channel))

    def to(
        self,
        *channels: Any,
        pattern: str | None = None,
        include_self: bool = True,
        ephemeral: bool = False,
        after_commit: Any = None,
        push_id: str | None = None,
    ) -> Audience:
        """Return the audience of *channels*: those to whom something is pushed, and how.

        ``realtime.to("room:1").push({"text": "hi"})`` sends a message to scripts, and
        ``realtime.to("room:1").append("#messages", "_message.html", message=message)`` changes
        the pages' HTML; see :class:`~flask_realtime.audiences.Audience`.

        :param channels: names, or lists of them.
        :param pattern: every channel that fits it is meant too, such as ``"room:*"``.
        :param include_self: False leaves out the page that made the request, or the message, that
            is being handled.
        :param ephemeral: reach only the pages that are connected now: no log, no position, no
            repeat; a page that is behind is left out.
        :param after_commit: a SQLAlchemy session, such as Flask-SQLAlchemy's ``db.session``: hand
            out what is pushed once its outermost transaction has committed, and drop it if that
            transaction, or a savepoint around the push, is rolled back. Rendering and encoding
            are done at once. What Redis does not take then is tried again for 300 s.
        :param push_id: a second push with the same id within 300 s is not a second message.
        :raises InvalidChannel: if there is no channel, or a name or the pattern cannot be used.
        """
        route = TO_ALL if include_self else _to_others()
        names = tuple(flatten(channels, pattern))
        return Audience(self._publisher, Addressing(names, route, push_id, ephemeral, after_commit))

    def to_user(
        self,
        user_id: Any,
        *,
        include_self: bool = True,
        ephemeral: bool = False,
        after_commit: Any = None,
        push_id: str | None = None,
    ) -> Audience:
        """Return the audience of one user: all pages of the user, on whatever device.

        ``realtime.to_user(42).push({"unread": 3})``. A page hears it if it was rendered while the
        session belonged to the user, as :meth:`flask_realtime.Realtime.identify` says, and holds
        ``realtime_script()``; in the browser by ``realtime.on("@user:*", …)``.

        :param user_id: what the function of ``identify`` returns for the user; 42 and ``"42"``
            are the same.
        :raises InvalidIdentity: if it is None, empty, or no id.

        The other arguments are those of :meth:`to`.
        """
        self._expect_users()
        route = TO_ALL if include_self else _to_others()
        names = (channel_of(identity_of(user_id)),)
        return Audience(self._publisher, Addressing(names, route, push_id, ephemeral, after_commit))

    def refresh_on_commit(
        self, model: type, names: Names, columns: Collection[str] | None = None
    ) -> None:
        """Refresh the blocks of pages whenever a commit changes rows of *model*.

        Call it once for a model, where the app is set up. Whatever transaction inserts, deletes
        or changes such a row refreshes the row's channels when it commits, each channel once. A
        row that moves from one channel to another refreshes both. The page whose request commits
        is refreshed too; a block of it that is the same already is not sent again. Statements in
        bulk, such as ``session.execute(update(…))``, are not seen, for they have no rows. A commit
        that is made while a block is rendered, or within :meth:`quietly`, refreshes nothing.

        :param model: a class that SQLAlchemy maps; its subclasses count too.
        :param names: a format of a channel's name by the row's attributes, ``"room:{room_id}"``
            for example, or a function of a row that returns one name, several, or None.
        :param columns: the attributes whose change counts; None: any.
        :raises TypeError: if *model* is no mapped class, or *columns* is a text.
        :raises ValueError: if *names* or *columns* read an attribute that the model has not.
        :raises InvalidChannel: if *names* is a format by which no channel's name can be made.
        """
        from .row_changes import RowWatcher

        RowWatcher(model, names, columns, self._refresh_changed).listen()

    @contextmanager
    def quietly(self) -> Iterator[None]:
        """Have commits within the ``with`` block refresh nothing.

        For what no page shows, such as the moment at which a user was last seen.
        """
        token = _is_quiet.set(True)
        try:
            yield
        finally:
            _is_quiet.reset(token)

    def _refresh_changed(self, names: list[str]) -> None:
        """Refresh the channels of a commit."""
        if _is_quiet.get() or is_for_block():
            return
        checked = tuple(name for name in names if _is_name(name))
        # On the page that asked as well: its answer may show none of this, or one block of several.
        addressing = Addressing(checked, Route("refresh"))
        self._publisher().deliver_behind(addressing, waits=len(checked) <= MOST_REFRESHED_AT_ONCE)


def _to_others() -> Route:
    """The route to all but the page that is asking, where one is known."""
    digests = asking_digests() if has_request_context() else []
    if not digests:
        logger.debug("include_self=False leaves nobody out: no page is named here.")
        return TO_ALL
    return Route(but_for=",".join(digests))


def _is_name(name: Any) -> bool:
    try:
        check_name(name)
    except ValueError as error:
        # The database has committed: what cannot be refreshed is told, and the rest goes on.
        logger.error("A commit refreshes no channel of this name: %s", error)
        return False
    return True
