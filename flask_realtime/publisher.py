"""Pushes from where there is no Flask app: a Celery task, a cron job, another service."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from flask.json.provider import DefaultJSONProvider

from .config.settings import Config
from .errors import InvalidSetting
from .protocol.channels import flatten
from .protocol.pushes import Push, check_push_id, make_pushes, new_push_id, to_json

# What Flask's own provider encodes, dates and UUIDs too, and as it encodes them.
_dumps: Callable[[Any], str] = partial(json.dumps, default=DefaultJSONProvider.default)


class Publisher:
    """Pushes to the pages of an app through its Redis; needs no app and patches nothing.

    Safe for threads and greenlets, and after a fork; connects at the first push. As a context
    manager it closes itself.

    :param redis_url: the app's ``REALTIME_REDIS``: a URL, a dict, or a function that returns a
        client.
    :param prefix: the app's ``REALTIME_REDIS_PREFIX``.
    :param timeout: seconds that one call may wait for Redis in all.
    :raises InvalidSetting: if one of them cannot be used.
    """

    def __init__(self, redis_url: Any, prefix: str = "realtime", timeout: float = 2.0) -> None:
        if redis_url is None:
            raise InvalidSetting("redis_url is None; give the URL of the app's Redis.")
        config = Config.from_mapping(
            {
                "REALTIME_REDIS": redis_url,
                "REALTIME_REDIS_PREFIX": prefix,
                "REALTIME_REDIS_TIMEOUT_SECONDS": timeout,
            }
        )
        # redis-py is loaded only where it is used.
        from .registries.redis.log import RedisLog

        self._log = RedisLog.open(config, "redis_url")

    def push(
        self,
        message: Any,
        *channels: Any,
        pattern: str | None = None,
        push_id: str | None = None,
    ) -> None:
        """Send *message* to every client subscribed to any of *channels*, as ``realtime.push``.

        :param message: anything that Flask's JSON provider encodes.
        :param channels: names, or lists of them.
        :param pattern: every channel that fits it gets the message too: ``"room:*"``, where ``*``
            is any run of characters. Costs time in proportion to the channels known.
        :param push_id: a second push with the same id within 300 s is not a second message.
        :raises InvalidChannel: if there is no channel, or a name or the pattern cannot be used.
        :raises RegistryUnavailable: if Redis did not accept it in time.
        """
        self._publish(self._pushes(message, channels, pattern, push_id))

    def push_many(self, messages: Iterable[tuple[Any, Any]], pattern: str | None = None) -> None:
        """Push several messages, one after the other, in as few round trips as order allows.

        :param messages: pairs of a message and its channel, or a list of channels.
        :param pattern: every channel that fits it gets all of the messages too; the list of
            channels in a pair may be empty then.
        :raises InvalidChannel: if a message has no channel, or a name cannot be used.
        :raises RegistryUnavailable: if Redis did not accept them in time.
        """
        self._publish(
            [
                push
                for message, channel in messages
                for push in self._pushes(message, (channel,), pattern)
            ]
        )

    def close(self) -> None:
        """Let go of the connections to Redis."""
        self._log.close()

    def __enter__(self) -> Publisher:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _pushes(
        self,
        message: Any,
        channels: tuple[Any, ...],
        pattern: str | None,
        push_id: str | None = None,
    ) -> list[Push]:
        payload = to_json(message, _dumps)
        one_id = new_push_id() if push_id is None else check_push_id(push_id)
        return make_pushes(payload, flatten(channels, pattern), self._matching, one_id)

    def _matching(self, pattern: str) -> list[str]:
        return self._log.matching(pattern, self._log.deadline())

    def _publish(self, pushes: list[Push]) -> None:
        if pushes:
            self._log.publish(pushes, self._log.deadline())
