"""What ``realtime.socket`` gives: the client of the current request, addressed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from flask import request

from .page.client import (
    IS_RESUMED_IN_ENVIRON,
    IS_SUBSCRIBED_IN_ENVIRON,
    current_connection_id,
    current_digest,
    disconnect_behind_reply,
    has_client,
    known_digests,
)
from .protocol.channels import check_name, flatten
from .registries.base import Registry
from .registries.records import Disconnect


class Logs(Protocol):
    """Where messages get into the logs of channels, whose names were checked already."""

    def push(self, message: Any, names: Sequence[str], push_id: str | None = None) -> None: ...

    def push_to(self, digest: str, message: Any, channel: str) -> None: ...


class Socket:
    """The client of the current request, wherever its connection is, or will be.

    That is the page that made the request, if it named its connection id, and else the page that
    the request renders. With ``REALTIME_ENABLED`` False arguments are checked, and nothing happens.

    :param registry: returns the registry of this process.
    :param logs: takes the messages that are pushed.
    :param is_enabled: ``REALTIME_ENABLED``.
    """

    __slots__ = ("_is_enabled", "_logs", "_registry")

    def __init__(self, registry: Callable[[], Registry], logs: Logs, is_enabled: bool) -> None:
        self._registry = registry
        self._logs = logs
        self._is_enabled = is_enabled

    @property
    def digest(self) -> str:
        """The digest that names this client, as :meth:`push_to` takes it; empty where disabled."""
        return current_digest() if self._is_enabled else ""

    @property
    def connection_id(self) -> str:
        """The connection id of the page; empty where disabled."""
        return current_connection_id() if self._is_enabled else ""

    @property
    def is_resumed(self) -> bool:
        """Whether the page had a socket before the one by which this message came.

        Tells an ``on_join`` or ``on_leave`` function, or a handler, whether a page is new or has
        come back, after a lost link or a restart of the server for example. False in a request
        that came by HTTP, and for a page that was never subscribed to a channel: nothing is
        remembered of such a page once its socket is closed.
        """
        return bool(request.environ.get(IS_RESUMED_IN_ENVIRON, False))

    @property
    def channels(self) -> frozenset[str]:
        """The channels to which this client is subscribed now."""
        if not self._exists():
            return frozenset()
        return self._subscriptions(current_digest())

    def subscribe(self, *channels: Any) -> None:
        """Let this page hear whatever is pushed down *channels* from now on.

        Messages pushed before its socket opens wait for it. Call it before you read what the page
        shows, so that nothing falls between the two. A second subscription changes nothing.

        :param channels: names, or lists of them.
        :raises InvalidChannel: if there is none, or one is no name (a pattern is none).
        :raises RegistryUnavailable: if Redis did not accept it in time.
        """
        names = _names(channels)
        if self._is_enabled:
            self._registry().subscribe(current_digest(), names)
            request.environ[IS_SUBSCRIBED_IN_ENVIRON] = True

    def unsubscribe(self, *channels: Any) -> None:
        """Let this page hear *channels* no more, in its open socket too.

        A channel to which it is not subscribed is no error.

        :raises InvalidChannel: as :meth:`subscribe` does.
        :raises RegistryUnavailable: if Redis did not accept it in time.
        """
        names = _names(channels)
        if self._exists():
            self._registry().unsubscribe(current_digest(), names)

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

        A logout closes them *everywhere*: an open socket goes on with the session it began with.
        It may have cleared the session already. The socket whose message is being handled gets
        its reply first.

        :param everywhere: every socket of this browser session, in all processes.
        :raises RegistryUnavailable: if Redis did not accept it in time.
        """
        if not self._is_enabled:
            return
        disconnect_behind_reply()
        for client, session in known_digests():
            if everywhere:
                self._registry().disconnect(Disconnect(session=session))
            else:
                self._registry().disconnect(Disconnect(digest=client))

    def _exists(self) -> bool:
        # A browser session without a socket key has no client that could be known to anyone.
        return self._is_enabled and has_client()

    def _subscriptions(self, digest: str) -> frozenset[str]:
        return frozenset(self._registry().subscriptions([digest]).get(digest) or ())


def _names(channels: tuple[Any, ...]) -> list[str]:
    return flatten(channels)
