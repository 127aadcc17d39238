"""The pushes of one app: encodes messages and hands them to the registry."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from flask import Flask
from flask.json.provider import DefaultJSONProvider

from .audiences import Addressing
from .flask_contexts import within
from .protocol.pushes import Push, check_push_id, make_many, new_push_id, pairs, to_json
from .protocol.routes import TO_ALL, Route
from .push_retries import RetryQueue
from .registries.base import Registry
from .registries.subscriptions import is_heard_by
from .threads.fork import ForkLocal
from .transactions import has_begun, wait_for_commit

logger = logging.getLogger(__name__)

# The attributes that an app may replace on an instance of Flask's own JSON provider.
_OF_APP = frozenset(["default", "dumps"])


class AppPublisher:
    """Encodes what one app pushes, and hands it to the registry.

    :param app: the app, whose JSON provider encodes the messages.
    :param registry: returns the registry of this process, or raises
        :exc:`~flask_realtime.NobodyListens` where a push could reach nobody.
    :param is_enabled: ``REALTIME_ENABLED``; False: messages are encoded and go nowhere.
    :param is_heard: returns whether a page of this process listens to a channel.
    """

    def __init__(
        self,
        app: Flask,
        registry: Callable[[], Registry],
        is_enabled: bool,
        is_heard: Callable[[str], bool],
    ) -> None:
        self._app = app
        self._registry = registry
        self._is_enabled = is_enabled
        self._is_heard = is_heard
        self._has_hinted = False
        self._retries = ForkLocal(lambda: RetryQueue(self._publish))

    def encode(self, message: Any) -> str:
        """Return *message* as JSON text.

        :raises TypeError: if JSON cannot hold *message*; the error says which part of it.
        :raises ValueError: if *message* holds a number that JSON does not have, such as NaN.
        """
        provider = self._app.json
        if type(provider) is DefaultJSONProvider and not vars(provider).keys() & _OF_APP:
            return to_json(message, provider.dumps)
        # A provider of the app's own may use current_app, and a background thread has no context.
        with within(self._app):
            return to_json(message, provider.dumps)

    def push(self, message: Any, names: Sequence[str], push_id: str | None = None) -> None:
        """Push one message.

        :param names: the channels, and the pattern, that it goes to; they have been checked.
        :param push_id: a second push with this id within 300 s is not a second message.
        :raises RegistryUnavailable: if the registry did not accept the message in time.
        """
        payload = self.encode(message)
        if self._is_enabled and self._app.debug:
            self._hint_at_swapped(message, names)
        self.deliver(payload, Addressing(tuple(names), TO_ALL, push_id))

    def push_to(self, digest: str, message: Any, channel: str) -> None:
        """Push one message to one client alone.

        :param digest: the client's digest.
        :param channel: the name of the client's channel; it has been checked.
        :raises NotSubscribed: if the client was never subscribed to *channel*.
        """
        payload = self.encode(message)
        if not self._is_enabled:
            return
        if is_heard_by(digest, channel, self._registry().subscriptions):
            self.deliver(payload, Addressing((channel,), Route(to=digest)))

    def push_many(self, messages: Iterable[tuple[Any, Any]], pattern: str | None = None) -> None:
        """Push several messages, as :meth:`flask_realtime.Realtime.push_many` says.

        :param messages: pairs of a message and its channel, or a list of channels.
        :param pattern: every channel that fits it gets all of the messages too.
        """
        encoded = []
        for message, names in pairs(messages, pattern):
            encoded.append((self.encode(message), names))
            if self._is_enabled and self._app.debug:
                self._hint_at_swapped(message, names)
        if not (self._is_enabled and encoded):
            return
        registry = self._registry()
        registry.publish(make_many(encoded, registry.matching, registry.new_push_id))

    def deliver(self, payload: str, addressing: Addressing) -> None:
        """Push JSON text: now, or after the commit that *addressing* names.

        :raises RegistryUnavailable: if the registry did not accept the push in time. A push that
            waits for a commit never raises it, and is tried again instead.
        """
        if addressing.push_id is not None:
            check_push_id(addressing.push_id)
        if not self._is_enabled:
            return
        if addressing.after_commit is not None and has_begun(addressing.after_commit):
            later = partial(self._deliver_later, payload, addressing, self._registry())
            wait_for_commit(addressing.after_commit, addressing.names, later)
            return
        registry = self._registry()
        pushes = addressing.pushes(payload, registry.matching, registry.new_push_id)
        if addressing.is_ephemeral:
            registry.announce(pushes)
        else:
            registry.publish(pushes)

    def deliver_behind(self, addressing: Addressing, waits: bool) -> None:
        """Push a refresh behind a commit: it must not fail, since the rows have changed already.

        :param addressing: the channels of the refresh.
        :param waits: True: return when the refresh was accepted, or is queued to be tried again;
            False: return at once.
        """
        if self._is_enabled and addressing.names:
            self._hand_over("true", addressing, self._registry(), waits)

    def close(self) -> None:
        """End the thread that tries pushes again; pushes that still wait are dropped."""
        retries = self._retries.pop()
        if retries is not None:
            retries.close()

    def _deliver_later(self, payload: str, addressing: Addressing, registry: Registry) -> None:
        if addressing.is_ephemeral:
            registry.announce(addressing.pushes(payload, registry.matching, registry.new_push_id))
            return
        self._hand_over(payload, addressing, registry)

    def _hand_over(
        self, payload: str, addressing: Addressing, registry: Registry, waits: bool = True
    ) -> None:
        # All attempts have one push id, by which a log knows what an earlier attempt has appended.
        one_id = new_push_id()
        make = partial(addressing.pushes, payload, registry.matching, lambda: one_id)
        self._retries.get().publish(make, addressing.names, waits)

    def _publish(self, pushes: Sequence[Push]) -> None:
        self._registry().publish(pushes)

    def _hint_at_swapped(self, message: Any, names: Sequence[str]) -> None:
        """Warn, once, of a push whose message and channel seem to have changed places."""
        if self._has_hinted or not isinstance(message, str) or len(names) != 1:
            return
        if self._is_heard(message) and not self._is_heard(names[0]):
            self._has_hinted = True
            logger.warning(
                "push(%r, %r) pushes the text %r to the channel %r, to which no page is "
                "subscribed, while pages are subscribed to %r. The message is the first "
                "argument, and the channels follow it: are the two swapped?",
                message, names[0], message, names[0], message,
            )  # fmt: skip
