"""The methods of ``realtime`` that push: messages, changes of HTML, and refreshes."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import has_request_context

from .asked_channels import name_asked_for, names_asked_for, not_found
from .audiences import Addressing, Audience
from .errors import InvalidChannel
from .html.block_requests import is_for_block
from .identity.users import channel_of, identity_of
from .page.advice import advice
from .page.asking_digests import asking_digests
from .protocol.channels import check_name
from .protocol.routes import TO_ALL, Route
from .transactions import Waiting, hand_out_each

if TYPE_CHECKING:
    from .app_publisher import AppPublisher
    from .row_changes import Names

logger = logging.getLogger(__name__)

# If a commit concerns more channels than this, their refreshes are published in the background, so
# that the view does not wait for them.
MOST_REFRESHED_AT_ONCE = 100

_is_quiet: ContextVar[bool] = ContextVar("flask_realtime.is_quiet", default=False)


class Pushing(ABC):
    """The part of :class:`~flask_realtime.Realtime` that pushes."""

    @abstractmethod
    def _publisher(self) -> AppPublisher:
        """Return the publisher of the current app, or of the only app."""

    @abstractmethod
    def _publishers_of_commit(self) -> list[AppPublisher]:
        """Return the publishers of the apps whose pages a commit of the current app concerns."""

    @abstractmethod
    def _expect_users(self) -> None:
        """Warn the developer if no page can belong to a user."""

    def push(
        self,
        message: Any,
        *channels: Any,
        pattern: str | None = None,
        push_id: str | None = None,
    ) -> None:
        """Send *message* to every client subscribed to any of *channels*.

        Returns when Redis (or memory) has accepted the message, not when it has arrived in
        browsers. The clients of a channel receive its messages in the order in which they were
        pushed. A client that is away gets them when it comes back, as far as the channel's log
        reaches. Call it anywhere: in an app context, or, where only one app was initialised,
        without one.

        :param message: anything the app's JSON provider can encode.
        :param channels: names, or lists of them.
        :param pattern: every channel that fits it gets the message too: ``"room:*"``, where ``*``
            is any run of characters. Takes time in proportion to the number of known channels.
        :param push_id: a text of 1 to 200 characters; a second push with the same id within 300 s
            is not a second message.
        :raises InvalidChannel: if there is no channel, or a name or the pattern cannot be used. If
            that is a text, and a request is handled, the request is answered 404 unless the error
            is caught.
        :raises TypeError: if JSON cannot hold *message*; the error says which part of it.
        :raises ValueError: if *message* holds a number that JSON does not have, such as NaN, or
            *push_id* cannot be used.
        :raises RegistryUnavailable: if Redis did not accept the message in time.
        """
        self._publisher().push(message, names_asked_for(channels, pattern), push_id)

    def push_many(self, messages: Iterable[tuple[Any, Any]], pattern: str | None = None) -> None:
        """Push several messages, in the order given, in as few round trips as that order allows.

        :param messages: pairs of a message and its channel, or a list of channels.
        :param pattern: every channel that fits it gets all of the messages too; the list of
            channels in a pair may be empty then.
        :raises TypeError: if one of *messages* is not a pair, or JSON cannot hold a message.
        :raises InvalidChannel: if a message has no channel, or a name cannot be used.
        :raises ValueError: if a message holds a number that JSON does not have, such as NaN.
        :raises RegistryUnavailable: if Redis did not accept them in time.
        """
        try:
            self._publisher().push_many(messages, pattern)
        except InvalidChannel as error:
            raise not_found(error) from None

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
        :raises TypeError: if JSON cannot hold *message*; the error says which part of it.
        :raises ValueError: if *message* holds a number that JSON does not have, such as NaN.
        :raises RegistryUnavailable: if Redis did not accept the message in time.
        """
        self._publisher().push_to(digest, message, name_asked_for(channel))

    def to(
        self,
        *channels: Any,
        pattern: str | None = None,
        include_self: bool = True,
        ephemeral: bool = False,
        after_commit: Any = None,
        push_id: str | None = None,
    ) -> Audience:
        """Return the audience of *channels*, to which one pushes messages and changes of HTML.

        ``realtime.to("room:1").push({"text": "hi"})`` sends a message to scripts, and
        ``realtime.to("room:1").append("#messages", "_message.html", message=message)`` changes
        the pages' HTML; see :class:`~flask_realtime.audiences.Audience`.

        :param channels: names, or lists of them.
        :param pattern: every channel that fits it belongs to the audience too: ``"room:*"``, where
            ``*`` is any run of characters.
        :param include_self: False leaves out the page that made the request, or sent the message,
            that is being handled.
        :param ephemeral: reach only the pages that are connected now. The push stands in no log: a
            page that is away never gets it.
        :param after_commit: a SQLAlchemy session, such as Flask-SQLAlchemy's ``db.session``. The
            push waits until the session's outermost transaction has committed. It is dropped if
            that transaction, or a savepoint around the push, is rolled back. Templates are
            rendered, and messages encoded, at once; if a template is passed a row of the session,
            the session is flushed first, as before a query. If Redis is away after the commit,
            the commit raises nothing, and this process tries the push again for 300 s.
        :param push_id: a text of 1 to 200 characters; a second push with the same id within 300 s
            is not a second message.
        :raises InvalidChannel: if there is no channel, or a name or the pattern cannot be used. If
            that is a text, and a request is handled, the request is answered 404 unless the error
            is caught.
        """
        route = TO_ALL if include_self else _to_others()
        names = tuple(names_asked_for(channels, pattern))
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

        ``realtime.to_user(42).push({"unread": 3})`` sends a message to the user's pages: those that
        hold ``realtime_script()`` and were rendered while the session belonged to the user, as
        :meth:`flask_realtime.Realtime.identify` says. In the browser ``realtime.on("@user:*", …)``
        receives it.

        :param user_id: what the function of ``identify`` returns for the user; 42 and ``"42"``
            are the same.
        :param include_self: False leaves out the page that made the request, or sent the message,
            that is being handled.
        :param ephemeral: reach only the pages that are connected now, as :meth:`to` says.
        :param after_commit: the SQLAlchemy session whose commit the push waits for, as :meth:`to`
            says.
        :param push_id: a text of 1 to 200 characters; a second push with the same id within 300 s
            is not a second message.
        :raises InvalidIdentity: if *user_id* is None, empty, or no id.
        """
        self._expect_users()
        route = TO_ALL if include_self else _to_others()
        names = (channel_of(identity_of(user_id)),)
        return Audience(self._publisher, Addressing(names, route, push_id, ephemeral, after_commit))

    def refresh_on_commit(
        self, model: type, names: Names, columns: Collection[str] | None = None
    ) -> None:
        """Refresh the blocks of pages whenever a commit changes rows of *model*.

        Call it once for each model, where the app is set up. A transaction that inserts, deletes
        or changes such a row refreshes the row's channels when it commits, each channel once. A
        row that moves from one channel to another refreshes both. The page whose request commits
        is refreshed too; those of its blocks that look the same are not sent again. Bulk
        statements, such as ``session.execute(update(…))``, refresh nothing, because SQLAlchemy
        does not tell which rows they change. A commit that is made while a block is rendered, or
        within :meth:`quietly`, refreshes nothing.

        :param model: a class that SQLAlchemy maps; its subclasses count too.
        :param names: a format of a channel's name by the row's attributes, ``"room:{room_id}"``
            for example, or a function of a row that returns one name, several, or None.
        :param columns: the names of the attributes whose change counts; None: any change counts.
        :raises TypeError: if *model* is no mapped class, *columns* is a text, or *names* is a
            function that does not take one argument.
        :raises ValueError: if *names* or *columns* name an attribute that the model does not have.
        :raises InvalidChannel: if *names* is a format that gives no valid channel name.
        """
        from .row_changes import RowWatcher

        RowWatcher(model, names, columns, self._refresh_changed).listen()

    @contextmanager
    def quietly(self) -> Iterator[None]:
        """Have commits within the ``with`` block refresh nothing.

        Use it for changes that no page shows, such as the time at which a user was last seen::

            with realtime.quietly():
                user.seen_at = now
                db.session.commit()
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
        # The page whose request committed is not left out: the response to it may show none of the
        # change (a 204), or one block of several.
        addressing = Addressing(checked, Route("refresh"))
        waits = len(checked) <= MOST_REFRESHED_AT_ONCE
        hand_out_each(
            Waiting(checked, partial(publisher.deliver_behind, addressing, waits))
            for publisher in self._publishers_of_commit()
        )


def _to_others() -> Route:
    """Return the route to all pages but the one whose request or message is being handled."""
    digests = asking_digests() if has_request_context() else []
    if not digests:
        logger.debug("include_self=False has no effect: this request or message names no page.")
        if has_request_context():
            advice().act_on_no_page("pushes with include_self=False")
        return TO_ALL
    return Route(but_for=",".join(digests))


def _is_name(name: Any) -> bool:
    try:
        check_name(name)
    except ValueError as error:
        # No exception: the database has committed, and other channels are still to be refreshed.
        logger.error(
            "refresh_on_commit was given an invalid name of a channel, which is not refreshed: %s",
            error,
        )
        return False
    return True
