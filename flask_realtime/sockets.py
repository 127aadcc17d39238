"""``realtime.socket``: the client of the current request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from .asked_channels import name_asked_for, names_asked_for, not_found
from .errors import InvalidChannel
from .page.advice import advice
from .page.client import current_client
from .protocol.channels import flatten, is_pattern
from .protocol.starts import check_last
from .session.end_of_request import EndOfRequest
from .session.page_subscriptions import Grants


class Logs(Protocol):
    """Takes messages for the logs of channels whose names were checked."""

    def push(self, message: Any, names: Sequence[str], push_id: str | None = None) -> None: ...

    def push_to(self, digest: str, message: Any, channel: str) -> None: ...


class Socket:
    """The client of the current request: a page in a browser.

    It is the page that made the request, if the request names a page by its connection id, and else
    the page that the request renders. In which process the page's connection is, or will be, makes
    no difference. If ``REALTIME_ENABLED`` is False, arguments are checked, and nothing happens.

    :param grants: what the client may hear.
    :param end_of_request: ends what the client was granted.
    :param logs: takes the messages that are pushed.
    :param is_enabled: ``REALTIME_ENABLED``.
    :param history_size: ``REALTIME_HISTORY_SIZE``, the limit of *last*; None: no limit.
    """

    __slots__ = ("_end_of_request", "_grants", "_history_size", "_is_enabled", "_logs")

    def __init__(
        self,
        grants: Grants,
        end_of_request: EndOfRequest,
        logs: Logs,
        is_enabled: bool,
        history_size: int | None = None,
    ) -> None:
        self._grants = grants
        self._end_of_request = end_of_request
        self._logs = logs
        self._is_enabled = is_enabled
        self._history_size = history_size

    @property
    def digest(self) -> str:
        """The digest that names this client, as :meth:`push_to` takes it.

        64 hexadecimal characters; empty if ``REALTIME_ENABLED`` is False.
        """
        return self._grants.digest(current_client()) if self._is_enabled else ""

    @property
    def connection_id(self) -> str:
        """The connection id of the page; empty if ``REALTIME_ENABLED`` is False.

        An app that reads the id is expected to give it to a page of its own: the page's
        subscriptions are kept even if the response is not HTML.
        """
        if not self._is_enabled:
            return ""
        client = current_client()
        client.connection_id()
        connection_id = client.id_to_write()
        client.is_given_out = True
        return connection_id

    @property
    def is_resumed(self) -> bool:
        """Whether the page had a socket before the one by which this message came.

        It tells an ``on_join`` or ``on_leave`` function, or a handler, whether a page is new, or
        has come back after a lost link or a restart of the server. It is False in a request that
        came by HTTP, and for a page that was never subscribed to a channel: such a page is
        forgotten once its socket is closed.
        """
        socket = current_client().socket
        return socket is not None and socket.is_resumed

    @property
    def channels(self) -> frozenset[str]:
        """The channels to which this client is subscribed, or will be after this response."""
        return self._grants.channels() if self._is_enabled else frozenset()

    def subscribe(self, *channels: Any, last: int = 0) -> None:
        """Let this page hear whatever is pushed down *channels* from now on.

        Messages that are pushed before the page's socket opens wait for the page. Call this method
        before you query what the page shows, so that no message falls between the two. A second
        subscription to a channel changes nothing.

        A page that this request renders is subscribed at once, and forgotten if the response is
        not an HTML page with status 2xx or 422. A page that is open already, and made this
        request, is subscribed when the view has succeeded (2xx), or has returned a whole page with
        the errors of a form (422); it hears what is pushed from this call on.

        With *last* the page first gets that many older messages of each channel, or as many as the
        channel's log still has: messages and fragments that it would have got, not requests to
        render blocks. A page that unsubscribes and subscribes again gets them once more.

        :param channels: names, or lists of them.
        :param last: how many older messages of each channel, at most ``REALTIME_HISTORY_SIZE``.
        :raises InvalidChannel: if no channel is given, or one is not a valid name (a
            pattern is not). A text that is no valid name is answered 404 unless the error is
            caught, and in debug mode the app's log says why.
        :raises TooManyChannels: if the page would hear more channels than
            ``REALTIME_MAX_CHANNELS_PER_PAGE``. Of a page that is open already this is found when
            the view has returned: the request is answered 429 then, and nothing is raised.
        :raises TypeError: if *last* is no whole number.
        :raises ValueError: if *last* is negative, or more than a log keeps.
        :raises RegistryUnavailable: if the page is open already, and Redis did not answer in time.
            Of a page that this request renders no error is raised: when its socket opens, the page
            is told that it has missed messages, and reloads.
        """
        names = _names_of(channels)
        check_last(last, self._history_size)
        if self._is_enabled:
            self._grants.subscribe(names, last)

    def subscribe_view(self, channels: Sequence[str], last: int = 0) -> None:
        """Let the page hear *channels* for as long as it shows the view of this request.

        ``@realtime.subscribes`` calls this method. It does what :meth:`subscribe` does. The
        subscriptions end when the page shows another view without being loaded anew, by a boosted
        link of htmx for example. Without channels a page that is rendered still hears what is
        pushed to its user, as after every subscription.

        :param channels: names; may be empty.
        :param last: how many older messages of each channel the page gets first.
        :raises InvalidChannel: if one of *channels* is not a valid name.
        :raises TooManyChannels: as :meth:`subscribe` does.
        """
        names = _names_of(channels) if channels else []
        check_last(last, self._history_size)
        if not self._is_enabled:
            return
        if names:
            self._grants.subscribe(names, last, by_view=True)
        else:
            self._grants.subscribe_user()

    def unsubscribe(self, *channels: Any) -> None:
        """End this page's subscriptions to *channels*, in its open socket too.

        It is no error if the page is not subscribed to one of them.

        :param channels: names, or lists of them.
        :raises InvalidChannel: if no channel is given, or one is not a valid name.
        :raises RegistryUnavailable: if Redis did not accept it in time.
        """
        names = _names_of(channels)
        if self._is_enabled:
            _tell_if_no_page("unsubscribes its page")
            self._grants.unsubscribe(names)

    def push(
        self,
        message: Any,
        *channels: Any,
        pattern: str | None = None,
        push_id: str | None = None,
    ) -> None:
        """Send *message* to every client subscribed to any of *channels*.

        The same as :meth:`flask_realtime.Realtime.push`.

        :param message: anything the app's JSON provider can encode.
        :param channels: names, or lists of them.
        :param pattern: every channel that fits it gets the message too.
        :param push_id: a text of 1 to 200 characters; a second push with the same id within 300 s
            is not a second message.
        """
        self._logs.push(message, names_asked_for(channels, pattern), push_id)

    def push_to(self, digest: str, message: Any, channel: str) -> None:
        """Send *message* to one client alone.

        The same as :meth:`flask_realtime.Realtime.push_to`.

        :param digest: what :attr:`digest` was in a request of that client.
        :param message: anything the app's JSON provider can encode.
        :param channel: the name of a channel to which the client is subscribed.
        """
        self._logs.push_to(digest, message, name_asked_for(channel))

    def disconnect(self, everywhere: bool = False) -> None:
        """Close this page's sockets (code 1000); the page does not connect again.

        With *everywhere* this ends what the whole browser session was granted: all sockets of the
        session are closed, in all processes, and no page of the session connects again, not even
        with a copy of its present cookie; pages that are loaded from now on do. Call it when a
        user logs out, or a password changes, in an app that does not tell users by
        :meth:`flask_realtime.Realtime.identify`. The app may have cleared the session before.
        A session that Flask-Session keeps gets another id, as by its ``regenerate``: a copy of the
        cookie is worth nothing then.

        If the session had ended already, or if Redis cannot tell whether it had, its pages open no
        sockets any more, so that nobody revives it with a copy of its cookie. That ends when the
        user logs out or another user logs in, or, in an app without ``identify``, when the app
        clears the session. A log-in of the same user ends it only by ``flask_login.login_user``:
        any other log-in looks like what the owner of a copy can do.

        The socket whose message is being handled gets its reply first. No error is raised if Redis
        is away or refuses to write: the sockets of this process are closed at once, and those of
        other processes as soon as Redis takes it. Until then it waits in this process's memory.

        :param everywhere: close the sockets of the whole browser session, not of this page alone.
        """
        if not self._is_enabled:
            return
        if everywhere:
            self._end_of_request.end_session()
        else:
            _tell_if_no_page("disconnects its page")
            self._end_of_request.disconnect(current_client())


def _tell_if_no_page(act: str) -> None:
    """Tell the developer, who may not know, that the request has no page to act on."""
    client = current_client()
    if not (client.is_open or client.exists or client.taken):
        advice().act_on_no_page(act)


def _names_of(channels: Sequence[Any]) -> list[str]:
    """Return the names in *channels*, as :func:`names_asked_for` does."""
    try:
        return flatten(channels)
    except InvalidChannel as error:
        text = error.text or ""
        raise not_found(error, _why_not(text) if is_pattern(text) else "") from None


def _why_not(pattern: str) -> str:
    return (
        f"{pattern!r} contains a '*', which no channel's name may contain: a page is subscribed "
        f"to channels by their names. Patterns are for pushes, and for realtime.on in the browser."
    )
