"""Subscriptions that the current request gives to its page."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from typing import Protocol

from flask import Response, request

from ..caching import keep_from_caches
from ..errors import RegistryUnavailable
from ..identity.keys import shorten
from ..identity.users import channel_of, user_of
from ..outages import away
from ..page.advice import advice
from ..page.client import IS_SUBSCRIBED_IN_ENVIRON, NAMES_NOBODY, Client, came, current_client
from ..page.ids_by_hand import may_hold_id
from ..page.request_times import counts_from, decided_at, let_revocation_pass
from ..page.stamping import SCRIPT_IN_ENVIRON
from ..page.user_loader import own_channels
from ..protocol.positions import Position
from ..protocol.starts import Start
from ..registries.base import Registry
from ..registries.records import Grant
from ..registries.subscriptions import Subscriptions
from ..threads.rare_warnings import RareWarnings
from .visits import MARKS_OF_PAGES, is_form_with_errors, is_visit, opens_no_page

logger = logging.getLogger(__name__)
warnings = RareWarnings(logger)

_UNPROCESSABLE = 422
# Where an environ holds a channel to which the view itself, and no decorator, subscribes its page.
_WANTED = "flask_realtime.wanted"


class SubscribingNode(Protocol):
    """The part of this process's :class:`.Node` that :class:`Grants` needs."""

    @property
    def registry(self) -> Registry: ...

    @property
    def settle(self) -> Callable[[str], None]: ...

    def tails(self, names: Collection[str]) -> Mapping[str, Position]:
        """Return the positions behind which a page that subscribes now misses nothing."""


class Grants:
    """Subscribes the page of the current request.

    A page that is being rendered is subscribed at once, since nobody knows its id yet, and
    forgotten if the response is not a page, or refuses one. A page that is open already would hear
    at once what a later line of the view may refuse it: it is subscribed, from the channels'
    present positions, once the response is a success, or a form's page with errors (422).

    :param node: returns the node of this process.
    """

    def __init__(self, node: Callable[[], SubscribingNode]) -> None:
        self._node = node

    def subscribe(self, names: Collection[str], last: int = 0, by_view: bool = False) -> None:
        """Let the page hear channels from now on, or from some messages back.

        :param names: the names of the channels, which were checked.
        :param last: how many older messages of each channel the page gets first.
        :param by_view: whether the decorator of a view subscribes the page: such subscriptions end
            when the page shows another view.
        :raises RegistryUnavailable: if the page is open, and Redis did not answer in time.
        """
        client = current_client()
        let_revocation_pass()
        # Not the present time: a view that has seen that its user is a member, and subscribes the
        # page after the user was put out of the channel, must not undo that.
        client.asked.update(dict.fromkeys(names, decided_at()))
        if not by_view:
            request.environ.setdefault(_WANTED, next(iter(names)))
        if client.is_open:
            self._take(client, names, last, by_view)
        else:
            start = Start(last=last, by_view=by_view) if last or by_view else None
            self._subscribe(client, dict.fromkeys(names, start))

    def subscribe_user(self) -> None:
        """Let the page that is being rendered hear what is pushed to its user, from now on.

        Does nothing for a stranger, and for a page that is open already.
        """
        client = current_client()
        if not client.is_open and client.subscribed_as is None and own_channels(came().identity):
            self._subscribe(client, {})

    def unsubscribe(self, names: Collection[str]) -> None:
        """End the page's subscriptions to *names*.

        :raises RegistryUnavailable: if Redis did not confirm the end in time.
        """
        client = current_client()
        for name in names:
            client.taken.pop(name, None)
            client.asked.pop(name, None)
        if client.exists:
            self._leave(self.digest(client), names)

    def channels(self) -> frozenset[str]:
        """Return the channels that the page hears, or will hear if the response is a success.

        :raises RegistryUnavailable: if Redis did not answer in time.
        """
        client = current_client()
        if not client.exists:
            return frozenset(client.taken)
        digest = self.digest(client)
        found = self._node().registry.subscriptions([digest]).get(digest) or ()
        return frozenset([*found, *client.taken])

    def digest(self, client: Client) -> str:
        """Return the digest by which the registry knows the page.

        It is made with the app's present secret key, unless the registry knows the page by a digest
        of an earlier key (``SECRET_KEY_FALLBACKS``).
        """
        first, *others = client.digests()
        if not others:
            return first
        found = self._node().registry.subscriptions([first, *others])
        return next((one for one in (first, *others) if found.get(one) is not None), first)

    def settle(self, client: Client, response: Response, identity: str | None) -> Response:
        """Give the page its subscriptions, or take them back, now that the response is known.

        :param identity: the user of the session at the end of the request; None: a stranger.
        :returns: *response*, or the response that is to be sent in its place.
        :raises RegistryUnavailable: if an open page cannot be subscribed.
        """
        is_subscribed = bool(client.asked) or client.subscribed_as is not None
        if client.is_given_out and (is_subscribed or may_hold_id(response, client)):
            keep_from_caches(response)
        if client.is_open:
            is_success = 200 <= response.status_code < 300
            if request.method != "HEAD" and (is_success or is_form_with_errors(response)):
                self._give(client, is_success and is_visit(response))
            return response
        is_page = client.is_given_out or not MARKS_OF_PAGES.isdisjoint(request.environ)
        is_success = 200 <= response.status_code < 300 or response.status_code == _UNPROCESSABLE
        if is_page and is_success:
            self._keep(client, identity)
            return response
        if not is_page:
            _tell_of_nobody(client, response)
        return self._forget(client, response, is_page)

    def _take(self, client: Client, names: Collection[str], last: int, by_view: bool) -> None:
        if not client.exists:
            logger.debug("A request names an unknown page: its session has no socket key.")
            request.environ[NAMES_NOBODY] = True
            return
        request.environ[IS_SUBSCRIBED_IN_ENVIRON] = True
        taken = client.taken
        new = [name for name in names if name not in taken]
        if new and last:
            found = self._node().registry.rewind(self.digest(client), new, last)
            taken.update((name, one._replace(by_view=by_view)) for name, one in found.items())
        elif new:
            tails = self._node().tails(new)
            taken.update((name, Start(at, by_view=by_view)) for name, at in tails.items())
        if not by_view:
            taken.update((name, taken[name]._replace(by_view=False)) for name in names)

    def _give(self, client: Client, replaces_view: bool) -> None:
        """Subscribe the open page to what it asked for.

        If the response replaces the page's view, the subscriptions of the former view end.
        """
        if not client.exists or not (client.taken or replaces_view):
            return
        registry, digest = self._node().registry, self.digest(client)
        if replaces_view:
            found = registry.subscriptions([digest]).get(digest) or Subscriptions()
            client.left = [
                name for name, one in found.items() if one.by_view and name not in client.taken
            ]
            if client.left:
                self._leave(digest, client.left)
        if client.taken:
            registry.subscribe(digest, client.taken, _grant(client, came().identity, client.taken))

    def _leave(self, digest: str, names: Collection[str]) -> None:
        node = self._node()
        node.registry.unsubscribe(digest, names)
        # The reply must not overtake what was pushed before, which may not be written yet.
        node.settle(digest)

    def _subscribe(self, client: Client, starts: Mapping[str, Start | None]) -> None:
        request.environ[IS_SUBSCRIBED_IN_ENVIRON] = True
        # A page that failed to subscribe once will reload anyway.
        if client.is_lost or opens_no_page():
            return
        digest, identity = client.digest(), came().identity
        if client.subscribed_as is None:
            starts = {**starts, **dict.fromkeys(own_channels(identity))}
        try:
            self._node().registry.subscribe(digest, starts, _grant(client, identity, starts))
        except RegistryUnavailable as error:
            client.lose()
            warnings.warn(
                "page",
                f"Page {shorten(digest)} is rendered without being subscribed, and reloads once "
                f"its socket is open: {error}",
            )
            return
        client.subscribed_as = digest

    def _keep(self, client: Client, identity: str | None) -> None:
        """The response is the page: subscribe it under the digest that it has at the end."""
        if client.subscribed_as is not None:
            client.keep_socket_key()
        if client.subscribed_as is None and (identity is None or opens_no_page()):
            return
        final = client.final_digest(identity)
        try:
            if client.subscribed_as not in (None, final):
                self._move(client, final, identity)
            elif client.subscribed_as is None and (own := _own_channels(client, identity)):
                self._node().registry.subscribe(final, own, _grant(client, identity, own))
        except RegistryUnavailable as error:
            warnings.warn(
                "user",
                f"Page {shorten(final)} is rendered without being subscribed to the channel of its "
                f"user: {error}",
            )

    def _move(self, client: Client, final: str, identity: str | None) -> None:
        """The session belongs to another user now: move the subscriptions to another digest."""
        first = client.subscribed_as
        assert first is not None
        registry, before = self._node().registry, came().identity
        found = registry.subscriptions([first]).get(first)
        starts: dict[str, Start | None] = {name: one.start for name, one in (found or {}).items()}
        if before is not None:
            starts.pop(channel_of(before), None)
        starts |= dict.fromkeys(own_channels(identity))
        if starts:
            registry.subscribe(final, starts, _grant(client, identity, starts))
        registry.forget_client(first)

    def _forget(self, client: Client, response: Response, is_page: bool) -> Response:
        """The response is no page, or refuses one: take the subscriptions back."""
        if client.subscribed_as is None:
            return response
        try:
            self._node().registry.forget_client(client.subscribed_as)
        except RegistryUnavailable as error:
            warnings.warn(
                "refused",
                f"The subscriptions of a page whose request was answered {response.status_code} "
                f"could not be removed: {error}",
            )
            # If the response is no page, nobody knows its id.
            if is_page:
                return away(response)
        return response


def _grant(client: Client, identity: str | None, names: Collection[str]) -> Grant | None:
    """Return what the registry needs to respect a revocation; None for a stranger.

    :param identity: the user whom the subscriptions are for.
    :param names: the channels that are subscribed to.
    """
    user = user_of(identity)
    if user is None:
        return None
    asked = {one: client.asked[one] for one in names if one in client.asked}
    return Grant(user, counts_from(user), asked)


def _tell_of_nobody(client: Client, response: Response) -> None:
    """Tell the developer, who may not know, that the view subscribes nobody.

    A view that refuses the page means it so. A page without a place for its id, and one that is
    streamed, have warnings of their own.
    """
    environ = request.environ
    has_warning = SCRIPT_IN_ENVIRON in environ or (
        response.is_streamed and response.mimetype == "text/html"
    )
    is_forgotten = client.subscribed_as is not None and 200 <= response.status_code < 400
    wanted = environ.get(_WANTED)
    if is_forgotten and wanted in client.asked and not has_warning:
        advice().subscription_without_page(wanted, response.status_code)


def _own_channels(client: Client, identity: str | None) -> list[str]:
    is_scripted = SCRIPT_IN_ENVIRON in request.environ and not client.is_lost
    return own_channels(identity) if is_scripted else []
