"""What ``realtime.socket`` gives: the client of the current request, addressed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from .page.client import current_client
from .protocol.channels import check_name, flatten
from .protocol.starts import check_last
from .session.grants import Grants
from .session.settlement import Settlement


class Logs(Protocol):
    """Where messages get into the logs of channels, whose names were checked already."""

    def push(self, message: Any, names: Sequence[str], push_id: str | None = None) -> None: ...

    def push_to(self, digest: str, message: Any, channel: str) -> None: ...


class Socket:
    """The client of the current request, wherever its connection is, or will be.

    That is the page that made the request, if it named its connection id, and else the page that
    the request renders. With ``REALTIME_ENABLED`` False arguments are checked, and nothing happens.

    :param grants: what the client may hear.
    :param settlement: ends what it was granted.
    :param logs: takes the messages that are pushed.
    :param is_enabled: ``REALTIME_ENABLED``.
    :param history_size: ``REALTIME_HISTORY_SIZE``; None: as many as anybody wants.
    """

    __slots__ = ("_grants", "_history_size", "_is_enabled", "_logs", "_settlement")

    def __init__(
        self,
        grants: Grants,
        settlement: Settlement,
        logs: Logs,
        is_enabled: bool,
        history_size: int | None = None,
    ) -> None:
        self._grants = grants
        self._settlement = settlement
        self._logs = logs
        self._is_enabled = is_enabled
        self._history_size = history_size

    @property
    def digest(self) -> str:
        """The digest that names this client, as :meth:`push_to` takes it; empty where disabled."""
        return self._grants.digest(current_client()) if self._is_enabled else ""

    @property
    def connection_id(self) -> str:
        """The connection id of the page; empty where disabled.

        An app that reads it is taken to hand it out: what the page is subscribed to is kept then,
        even if the response is no HTML.
        """
        if not self._is_enabled:
            return ""
        client = current_client()
        client.is_given_out = True
        return client.connection_id()

    @property
    def is_resumed(self) -> bool:
        """Whether the page had a socket before the one by which this message came.

        Tells an ``on_join`` or ``on_leave`` function, or a handler, whether a page is new or has
        come back, after a lost link or a restart of the server for example. False in a request
        that came by HTTP, and for a page that was never subscribed to a channel: nothing is
        remembered of such a page once its socket is closed.
        """
        socket = current_client().socket
        return socket is not None and socket.is_resumed

    @property
    def channels(self) -> frozenset[str]:
        """The channels to which this client is subscribed, or will be behind this response."""
        return self._grants.channels() if self._is_enabled else frozenset()

    def subscribe(self, *channels: Any, last: int = 0) -> None:
        """Let this page hear whatever is pushed down *channels* from now on.

        Messages pushed before its socket opens wait for it. Call it before you read what the page
        shows, so that nothing falls between the two. A second subscription changes nothing.

        A page that this request renders is subscribed at once, and forgotten if the response
        proves to be no page, or one whose status is neither 2xx nor 422. A page that is open, and
        made this request, is subscribed when the view has succeeded (2xx), from here on.

        With *last* it hears of each channel so many older messages first, or as many as the log
        still has: messages and fragments that it would have heard, not requests to render blocks.
        A page that leaves a channel and subscribes to it again hears the last ones once more.

        :param channels: names, or lists of them.
        :param last: how many older messages of each channel, at most ``REALTIME_HISTORY_SIZE``.
        :raises InvalidChannel: if there is none, or one is no name (a pattern is none).
        :raises TypeError: if *last* is no whole number.
        :raises ValueError: if *last* is negative, or more than a log keeps.
        :raises RegistryUnavailable: if the page is open, and Redis did not answer in time. A page
            that this request renders is told of what it missed when its socket opens, and reloads.
        """
        names = flatten(channels)
        check_last(last, self._history_size)
        if self._is_enabled:
            self._grants.subscribe(names, last)

    def subscribe_view(self, channels: Sequence[str], last: int = 0) -> None:
        """Let the page hear *channels* for as long as it shows the view of this request.

        ``@realtime.subscribes`` calls it. It does as :meth:`subscribe` does, and the subscriptions
        end when the page shows another view by a visit that keeps the page, such as a boosted link
        of htmx. With no channels a page that is rendered hears what is pushed to its user, as every
        subscription lets it.

        :param channels: names; may be empty.
        :param last: how many older messages of each channel.
        :raises InvalidChannel: if one is no name.
        """
        names = flatten(channels) if channels else []
        check_last(last, self._history_size)
        if not self._is_enabled:
            return
        if names:
            self._grants.subscribe(names, last, by_view=True)
        else:
            self._grants.subscribe_user()

    def unsubscribe(self, *channels: Any) -> None:
        """Let this page hear *channels* no more, in its open socket too.

        A channel to which it is not subscribed is no error.

        :param channels: names, or lists of them.
        :raises InvalidChannel: as :meth:`subscribe` does.
        :raises RegistryUnavailable: if Redis did not accept it in time.
        """
        names = flatten(channels)
        if self._is_enabled:
            self._grants.unsubscribe(names)

    def push(
        self,
        message: Any,
        *channels: Any,
        pattern: str | None = None,
        push_id: str | None = None,
    ) -> None:
        """Send *message* to every client subscribed to any of *channels*: ``realtime.push``."""
        self._logs.push(message, flatten(channels, pattern), push_id)

    def push_to(self, digest: str, message: Any, channel: str) -> None:
        """Send *message* to one client alone: ``realtime.push_to``."""
        self._logs.push_to(digest, message, check_name(channel))

    def disconnect(self, everywhere: bool = False) -> None:
        """Close this page's sockets (1000), so that its browser does not come back.

        *everywhere*: end what the whole browser session was granted. All of its sockets are closed,
        in all processes; the session gets another key by which its pages are known, and no page
        that was open, or away, comes back, nor does anybody with a copy of its present cookie. Use
        it where a password changes, or a user logs out, and the app does not say who a session
        belongs to by :meth:`flask_realtime.Realtime.identify`. It may have cleared the session
        already.

        The socket whose message is being handled gets its reply first. Never raises for want of
        Redis: the sockets of this process are closed, and the rest is told Redis when it is back.

        :param everywhere: the whole browser session, and not this page alone.
        """
        if not self._is_enabled:
            return
        if everywhere:
            self._settlement.end_session()
        else:
            self._settlement.disconnect(current_client())
