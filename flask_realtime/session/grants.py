"""What the current request lets its page hear."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from typing import Protocol

from flask import Response, request

from ..errors import RegistryUnavailable
from ..identity.keys import shorten
from ..identity.users import channel_of, user_of
from ..page.client import IS_SUBSCRIBED_IN_ENVIRON, Client, came, current_client
from ..page.revocations import came_at, let_revocation_pass
from ..page.stamping import HAS_ID_IN_ENVIRON, IS_STAMPED_IN_ENVIRON, SCRIPT_IN_ENVIRON
from ..page.withheld import is_session_withheld
from ..protocol.positions import Position
from ..protocol.starts import Start
from ..registries.base import Registry
from ..registries.records import Grant
from ..registries.subscriptions import Subscriptions
from ..threads import clock
from .visits import is_visit

logger = logging.getLogger(__name__)

_UNPROCESSABLE = 422
# The page holds its id.
_HELD = (IS_STAMPED_IN_ENVIRON, HAS_ID_IN_ENVIRON)


class Process(Protocol):
    """What grants need of this process."""

    @property
    def registry(self) -> Registry: ...

    def tails(self, names: Collection[str]) -> Mapping[str, Position]:
        """Return a position for each channel behind which a page misses nothing from now on."""


class Grants:
    """Subscribes the page of the current request.

    A page that is being rendered is subscribed at once, since nobody knows its id yet, and
    forgotten if the response turns out to be no page, or one that refuses. A page that is open
    already would hear at once what a later line of the view may refuse it: for it only positions
    are taken, and it is subscribed from them once the response is a success.

    :param process: returns this process.
    """

    def __init__(self, process: Callable[[], Process]) -> None:
        self._process = process

    def subscribe(self, names: Collection[str], last: int = 0, by_view: bool = False) -> None:
        """Let the page hear *names*, from now on, or from *last* messages back.

        :param by_view: whether the decorator of a view asks for it: the subscriptions end when the
            page shows another view.
        :raises RegistryUnavailable: if the page is open, and Redis did not answer in time.
        """
        client = current_client()
        let_revocation_pass()
        # Before the registry is asked for anything: what is revoked meanwhile is revoked.
        client.asked.update(dict.fromkeys(names, clock.monotonic()))
        if client.is_open:
            self._take(client, names, last, by_view)
        else:
            start = Start(last=last, by_view=by_view) if last or by_view else None
            self._subscribe(client, dict.fromkeys(names, start))

    def subscribe_user(self) -> None:
        """Let the page that comes hear what is pushed to its user, from now on; of a stranger, and
        of a page that is open already, nothing changes."""
        client = current_client()
        if not client.is_open and client.subscribed_as is None and came().identity is not None:
            self._subscribe(client, {})

    def unsubscribe(self, names: Collection[str]) -> None:
        """Let the page hear *names* no more.

        :raises RegistryUnavailable: if Redis did not accept it in time.
        """
        client = current_client()
        for name in names:
            client.taken.pop(name, None)
            client.asked.pop(name, None)
        if client.exists:
            self._process().registry.unsubscribe(self.digest(client), names)

    def channels(self) -> frozenset[str]:
        """Return what the page hears, or will once the response is a success.

        :raises RegistryUnavailable: if Redis did not answer in time.
        """
        client = current_client()
        if not client.exists:
            return frozenset(client.taken)
        digest = self.digest(client)
        found = self._process().registry.subscriptions([digest]).get(digest) or ()
        return frozenset([*found, *client.taken])

    def digest(self, client: Client) -> str:
        """Return the digest by which the registry knows the page: the one of the app's present
        secret key, unless it knows the page by an earlier one."""
        first, *others = client.digests()
        if not others:
            return first
        found = self._process().registry.subscriptions([first, *others])
        return next((one for one in (first, *others) if found.get(one) is not None), first)

    def settle(self, client: Client, response: Response, identity: str | None) -> Response:
        """Make the page's subscriptions what they shall be behind this response.

        :param identity: who the session belongs to at the end of the request.
        :returns: the response, or the one that takes its place.
        :raises RegistryUnavailable: if an open page cannot be subscribed.
        """
        if client.is_open:
            if 200 <= response.status_code < 300 and request.method != "HEAD":
                self._give(client, is_visit(response))
            return response
        is_page = client.is_given_out or any(mark in request.environ for mark in _HELD)
        is_success = 200 <= response.status_code < 300 or response.status_code == _UNPROCESSABLE
        if is_page and is_success:
            self._keep(client, identity)
            return response
        return self._forget(client, response, is_page)

    def _take(self, client: Client, names: Collection[str], last: int, by_view: bool) -> None:
        if not client.exists:
            logger.debug("A request names a page, and comes with no session: there is none.")
            return
        request.environ[IS_SUBSCRIBED_IN_ENVIRON] = True
        taken = client.taken
        new = [name for name in names if name not in taken]
        if new and last:
            found = self._process().registry.rewind(self.digest(client), new, last)
            taken.update((name, one._replace(by_view=by_view)) for name, one in found.items())
        elif new:
            tails = self._process().tails(new)
            taken.update((name, Start(at, by_view=by_view)) for name, at in tails.items())
        if not by_view:
            taken.update((name, taken[name]._replace(by_view=False)) for name in names)

    def _give(self, client: Client, replaces_view: bool) -> None:
        """The open page gets what it asked for, and loses what its former view's decorators had
        subscribed it to, if the response takes that view's place."""
        if not client.exists or not (client.taken or replaces_view):
            return
        registry, digest = self._process().registry, self.digest(client)
        if replaces_view:
            found = registry.subscriptions([digest]).get(digest) or Subscriptions()
            former = [
                name for name, one in found.items() if one.by_view and name not in client.taken
            ]
            if former:
                registry.unsubscribe(digest, former)
        if client.taken:
            registry.subscribe(digest, client.taken, _grant(client, came().identity, client.taken))

    def _subscribe(self, client: Client, starts: Mapping[str, Start | None]) -> None:
        request.environ[IS_SUBSCRIBED_IN_ENVIRON] = True
        # A response to HEAD is no page, and who could not be told once is told all by reloading.
        if request.method == "HEAD" or client.is_lost or is_session_withheld():
            return
        digest, identity = client.digest(), came().identity
        if identity is not None and client.subscribed_as is None:
            starts = {**starts, channel_of(identity): None}
        try:
            self._process().registry.subscribe(digest, starts, _grant(client, identity, starts))
        except RegistryUnavailable as error:
            client.lose()
            logger.warning(
                "Page %s is rendered without being subscribed, and reloads once its socket is "
                "open: %s",
                shorten(digest),
                error,
            )
            return
        client.subscribed_as = digest

    def _keep(self, client: Client, identity: str | None) -> None:
        """The page goes out: subscribe it as what it is at the end."""
        if client.subscribed_as is not None:
            client.keep_socket_key()
        if client.subscribed_as is None and (identity is None or is_session_withheld()):
            return
        final = client.final_digest(identity)
        try:
            if client.subscribed_as not in (None, final):
                self._move(client, final, identity)
            elif client.subscribed_as is None and identity is not None and _is_scripted(client):
                own = [channel_of(identity)]
                self._process().registry.subscribe(final, own, _grant(client, identity, own))
        except RegistryUnavailable as error:
            logger.warning("Page %s is not subscribed: %s", shorten(final), error)

    def _move(self, client: Client, final: str, identity: str | None) -> None:
        """The session belongs to somebody else now: the page hears the same, under another name."""
        first = client.subscribed_as
        assert first is not None
        registry, before = self._process().registry, came().identity
        found = registry.subscriptions([first]).get(first)
        starts: dict[str, Start | None] = {name: one.start for name, one in (found or {}).items()}
        if before is not None:
            starts.pop(channel_of(before), None)
        if identity is not None:
            starts[channel_of(identity)] = None
        if starts:
            registry.subscribe(final, starts, _grant(client, identity, starts))
        registry.forget_client(first)

    def _forget(self, client: Client, response: Response, is_page: bool) -> Response:
        """The response is no page, or one that refuses: what was granted is taken back."""
        if client.subscribed_as is None:
            return response
        try:
            self._process().registry.forget_client(client.subscribed_as)
        except RegistryUnavailable as error:
            logger.warning(
                "What a request subscribed before it was answered %d cannot be taken back: %s",
                response.status_code,
                error,
            )
            # Nobody was told the id of a page that there is not.
            if is_page:
                return _away(response)
        return response


def _grant(client: Client, identity: str | None, names: Collection[str]) -> Grant | None:
    """Return what the registry is to compare with what it knows of the user; None for a stranger.

    :param identity: who the subscriptions are for.
    :param names: the channels that are subscribed to.
    """
    user = user_of(identity)
    if user is None:
        return None
    asked = {one: client.asked[one] for one in names if one in client.asked}
    return Grant(user, came_at(user), asked)


def _is_scripted(client: Client) -> bool:
    return SCRIPT_IN_ENVIRON in request.environ and not client.is_lost


def _away(response: Response) -> Response:
    response.status_code = 503
    response.mimetype = "text/plain"
    response.set_data("The registry is away; come back.")
    response.headers["Retry-After"] = "1"
    response.headers["Cache-Control"] = "no-store"
    return response
