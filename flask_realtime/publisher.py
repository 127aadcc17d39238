"""Pushes from where there is no Flask app: a Celery task, a cron job, another service."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from flask.json.provider import DefaultJSONProvider

from .audiences import Addressing, Audience
from .config.settings import Config
from .errors import InvalidSetting
from .html.fragments import literal
from .identity.users import channel_of, identity_of
from .protocol.channels import check_name, flatten
from .protocol.pushes import Push, check_push_id, make_many, new_push_id, pairs, to_json
from .protocol.routes import TO_ALL, Route
from .registries.subscriptions import is_heard_by

if TYPE_CHECKING:
    from .registries.redis.publishing import RedisPublishing

# Encodes dates and UUIDs too, as Flask's own JSON provider does.
_dumps: Callable[[Any], str] = partial(json.dumps, default=DefaultJSONProvider.default)
# The arguments of a publisher that take the place of settings, as errors name them.
_ARGUMENTS = {
    "REALTIME_REDIS": "redis_url",
    "REALTIME_REDIS_PREFIX": "prefix",
    "REALTIME_REDIS_TIMEOUT_SECONDS": "timeout",
}


class Publisher:
    """Pushes to the pages of an app through its Redis, without the app.

    ::

        with Publisher("redis://localhost:6379/0") as publisher:
            publisher.push({"done": 0.5}, "job:17")

    It is for a Celery task, a cron job or another service; a Flask app calls ``realtime.push``.
    Threads and greenlets may share a publisher, and a forked process may go on using it. It
    connects at the first push. :meth:`close` closes it, as does the end of a ``with`` block.

    :param redis_url: the same as the app's ``REALTIME_REDIS``: a URL, a dict with a ``url``, or a
        function that returns a client of redis-py.
    :param prefix: the same as the app's ``REALTIME_REDIS_PREFIX``.
    :param timeout: how long one call may wait for Redis, in seconds; where it takes several steps,
        such as a push to a pattern, how long one step may.
    :raises InvalidSetting: if one of the arguments cannot be used.
    """

    def __init__(self, redis_url: Any, prefix: str = "realtime", timeout: float = 2.0) -> None:
        if redis_url is None:
            raise InvalidSetting("redis_url is None; give the URL of the app's Redis.")
        config = Config.from_mapping(
            {
                "REALTIME_REDIS": redis_url,
                "REALTIME_REDIS_PREFIX": prefix,
                "REALTIME_REDIS_TIMEOUT_SECONDS": timeout,
            },
            _ARGUMENTS,
        )
        # redis-py is loaded only where it is used.
        from .registries.redis.publishing import RedisPublishing

        self._redis = RedisPublishing(config, "redis_url")

    def push(
        self,
        message: Any,
        *channels: Any,
        pattern: str | None = None,
        push_id: str | None = None,
    ) -> None:
        """Send *message* to every client subscribed to any of *channels*.

        It does what ``realtime.push`` does in an app. It returns when Redis has accepted the
        message, not when the message has arrived in browsers.

        :param message: anything that Flask's JSON provider encodes.
        :param channels: names, or lists of them.
        :param pattern: every channel that fits it gets the message too: ``"room:*"``, where ``*``
            is any run of characters. Takes time in proportion to the number of known channels.
        :param push_id: a text of 1 to 200 characters; a second push with the same id within 300 s
            is not a second message.
        :raises InvalidChannel: if there is no channel, or a name or the pattern cannot be used.
        :raises TypeError: if JSON cannot hold *message*; the error says which part of it.
        :raises ValueError: if *message* holds a number that JSON does not have, such as NaN, or
            *push_id* cannot be used.
        :raises RegistryUnavailable: if Redis did not accept the message in time.
        """
        self.to(*channels, pattern=pattern, push_id=push_id).push(message)

    def to(
        self,
        *channels: Any,
        pattern: str | None = None,
        ephemeral: bool = False,
        push_id: str | None = None,
    ) -> Audience:
        """Return the audience of *channels*, as ``realtime.to`` does for an app.

        ``publisher.to("room:1").append("#messages", html=Markup("<li>hi</li>"))`` changes the
        HTML of pages. A publisher has no templates: give the content as ``html=``.

        :param channels: names, or lists of them.
        :param pattern: every channel that fits it belongs to the audience too: ``"room:*"``, where
            ``*`` is any run of characters.
        :param ephemeral: reach only the pages that are connected now; the message stands in no log.
        :param push_id: a text of 1 to 200 characters; a second push with the same id within 300 s
            is not a second message.
        :raises InvalidChannel: if there is no channel, or a name or the pattern cannot be used.
        """
        return self._audience(tuple(flatten(channels, pattern)), ephemeral, push_id)

    def to_user(
        self, user_id: Any, *, ephemeral: bool = False, push_id: str | None = None
    ) -> Audience:
        """Return the audience of one user, as ``realtime.to_user`` does for an app.

        The audience is all pages of the user, on whatever device:
        ``publisher.to_user(42).push({"unread": 3})``.

        :param user_id: what the app's function of ``realtime.identify`` returns for the user; 42
            and ``"42"`` are the same.
        :param ephemeral: reach only the pages that are connected now; the message stands in no log.
        :param push_id: a text of 1 to 200 characters; a second push with the same id within 300 s
            is not a second message.
        :raises InvalidIdentity: if *user_id* is None, empty, or no id.
        """
        return self._audience((channel_of(identity_of(user_id)),), ephemeral, push_id)

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
        encoded = ((to_json(message, _dumps), names) for message, names in pairs(messages, pattern))
        pushes = make_many(encoded, self._redis.log.matching, new_push_id)
        if pushes:
            self._redis.log.publish(pushes)

    def push_to(self, digest: str, message: Any, channel: str) -> None:
        """Send *message* to one client alone, as ``realtime.push_to`` does for an app.

        Nothing happens if the client has left the channel, or is not known any more.

        :param digest: what ``realtime.socket.digest`` was in a request of that client.
        :param message: anything that Flask's JSON provider encodes.
        :param channel: the name of a channel to which the client is subscribed.
        :raises InvalidChannel: if *channel* is no name.
        :raises NotSubscribed: if the client was never subscribed to *channel*.
        :raises TypeError: if JSON cannot hold *message*; the error says which part of it.
        :raises ValueError: if *message* holds a number that JSON does not have, such as NaN.
        :raises RegistryUnavailable: if Redis did not accept the message in time.
        """
        name, payload = check_name(channel), to_json(message, _dumps)
        deadline = self._redis.deadline()
        if is_heard_by(digest, name, partial(self._redis.clients.subscriptions, deadline=deadline)):
            push = Push(name, payload, new_push_id(), Route(to=digest))
            self._redis.log.publish([push])

    def close(self) -> None:
        """Close the connections to Redis. A closed publisher is not used again."""
        self._redis.close()

    def _audience(self, names: tuple[str, ...], ephemeral: bool, push_id: str | None) -> Audience:
        outlet = _Outlet(self._redis)
        return Audience(lambda: outlet, Addressing(names, TO_ALL, push_id, ephemeral), literal)

    def __enter__(self) -> Publisher:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class _Outlet:
    """Hands messages to the logs in Redis."""

    def __init__(self, redis: RedisPublishing) -> None:
        self._redis = redis

    def encode(self, message: Any) -> str:
        return to_json(message, _dumps)

    def deliver(self, payload: str, addressing: Addressing) -> None:
        if addressing.push_id is not None:
            check_push_id(addressing.push_id)
        log = self._redis.log
        pushes = addressing.pushes(payload, log.matching, new_push_id)
        if addressing.is_ephemeral:
            log.announce(pushes)
        elif pushes:
            log.publish(pushes)
