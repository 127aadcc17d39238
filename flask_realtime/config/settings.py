"""The settings of an app, read once from its ``REALTIME_*`` keys."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

from ..errors import InvalidSetting
from . import call_kinds, kinds
from .kinds import DAY, YEAR, Kind
from .texts import hint_for_text

_PREFIX = "REALTIME_"


class Setting(NamedTuple):
    """One row of the documentation's table of settings."""

    name: str
    type: str
    default: str
    unit: str
    doc: str


def _setting(default: Any, kind: Kind, doc: str, unit: str = "") -> Any:
    return field(default=default, metadata={"kind": kind, "doc": doc, "unit": unit})


@dataclass(frozen=True, slots=True, repr=False)
class Config:
    """The ``REALTIME_*`` settings of one app: checked, and unchangeable."""

    enabled: bool = _setting(
        True, kinds.boolean(), "Whether anything is done at all; False for tests of pages alone."
    )
    path: str = _setting("/", kinds.path(), "Where sockets connect, below the app's root.")
    url_prefix: str = _setting(
        "/_realtime",
        kinds.prefix(),
        "Where the script and the session path stand, below the app's root. Another prefix is for "
        "a proxy that hands on one location alone, and does not strip it: '/app/_realtime'.",
    )
    stamp_pages: bool | str = _setting(
        True,
        kinds.stamp_pages(),
        "Which rendered pages get a connection id on their body tag, and are kept from caches: "
        "True (those that state no caching, or use it), 'used' (those that subscribed, or hold "
        "the script or the id) or False (none).",
    )
    registry: Any = _setting(  # noqa: RUF009 - a field, whatever its name
        None,
        kinds.registry(),
        "Where subscriptions and logs are kept: 'memory', 'redis', a Registry class or instance. "
        "None: Redis if REALTIME_REDIS is set or the server has several processes, else memory.",
    )
    redis: str | dict[str, Any] | Callable[[], Any] | None = _setting(  # noqa: RUF009 - likewise
        None,
        kinds.redis(),
        "A URL, a dict with url and redis-py's options, or a function that returns a client.",
    )
    redis_prefix: str = _setting(
        "realtime", kinds.redis_prefix(), "What the names of all keys in Redis begin with."
    )
    redis_timeout_seconds: float = _setting(
        2,
        kinds.number(0.01, DAY),
        "How long one call may wait for Redis in all; where a call takes several steps, such as a "
        "push to a pattern, how long one step may.",
        "seconds",
    )
    allowed_origins: tuple[str, ...] = _setting(
        (),
        kinds.origins(),
        "Origins besides the app's own whose pages may open sockets, as 'https://example.com'.",
    )
    history_size: int = _setting(
        1000, kinds.integer(1), "How many messages a channel's log keeps.", "messages a channel"
    )
    history_bytes: int = _setting(
        16 * 2**20, kinds.integer(1), "How large a channel's log may grow.", "bytes a channel"
    )
    history_ttl_seconds: float = _setting(
        300, kinds.number(1, YEAR), "How long a log lives after its last push.", "seconds"
    )
    connect_timeout_seconds: float = _setting(
        60, kinds.number(1, YEAR), "How long a rendered page may take to connect.", "seconds"
    )
    disconnect_timeout_seconds: float = _setting(
        86_400, kinds.number(1, YEAR), "How long a page may stay away and come back.", "seconds"
    )
    ping_interval_seconds: float = _setting(
        25,
        kinds.number(0.1, DAY),
        "How often sockets are pinged; one silent for two of these is closed.",
        "seconds",
    )
    allow_calls: bool | tuple[str, ...] | None = _setting(
        None,
        call_kinds.allow_calls(),
        "What may be called over a socket besides what allow_calls marks: True (everything), a "
        "list of endpoints and paths such as ``/rooms/*``, or False (not even that). None: "
        "everything while debugging or testing, else nothing.",
    )
    call_headers: tuple[str, ...] = _setting(
        (),
        call_kinds.header_names(),
        "Headers that a call may send besides those that the documentation lists.",
    )
    environ_keys: tuple[str, ...] = _setting(
        (),
        call_kinds.environ_keys(),
        "Keys of middleware in the handshake's environ that calls and handlers are to have too, as "
        "'myapp.tenant'; those of WSGI and HTTP they have.",
    )
    max_message_bytes: int = _setting(
        256 * 2**10, kinds.integer(1024), "The largest message a client may send.", "bytes"
    )
    max_reply_bytes: int = _setting(
        4 * 2**20, kinds.integer(1), "The largest reply; larger ones are fetched by HTTP.", "bytes"
    )
    max_messages_per_second: float | None = _setting(
        100,
        kinds.number(0.01, 1_000_000, or_none=True),
        "What a client may send, as an average of five seconds; each started 8 KB of a message "
        "counts as one, and as more where it has many values or percent signs, or a form with "
        "thousands of letters to be percent-encoded, or the socket more than 150 cookies. None: no "
        "limit.",
        "messages a second and socket",
    )
    max_pending_messages: int = _setting(
        32,
        kinds.integer(1),
        "How many messages may wait for their handler before the socket is read no further; of the "
        "largest, one. When the socket ends, the message being handled goes on, and those that "
        "wait are dropped.",
        "messages a socket",
    )
    max_backlog_bytes: int = _setting(
        2**20,
        kinds.integer(1),
        "How much may wait, in memory, behind the message being sent before a slow client is cut "
        "off; a large reply does not count.",
        "bytes a socket",
    )
    stall_seconds: float = _setting(
        30,
        kinds.number(1, DAY),
        "How long a client may take nothing of what waits for it before it is cut off; it resumes.",
        "seconds",
    )
    max_channels_per_page: int = _setting(
        200,
        kinds.integer(1),
        "To how many channels one page may be subscribed.",
        "channels a page",
    )
    max_connections: int | None = _setting(
        None,
        kinds.integer(1, or_none=True),
        "How many sockets may be open. None: 80 % of gunicorn's worker_connections, or its "
        "threads less one.",
        "sockets a process",
    )
    max_connections_per_session: int = _setting(
        64, kinds.integer(1), "How many of them one browser session may have.", "sockets a process"
    )
    max_socket_age_seconds: float | None = _setting(
        86_400,
        kinds.number(1, YEAR, or_none=True),
        "How long a socket may stay open; then it comes back, with the cookies of now. None: as "
        "long as it likes. Where Flask keeps the session in the cookie, a user's socket comes back "
        "when PERMANENT_SESSION_LIFETIME is over for its cookie, too.",
        "seconds",
    )
    drain_seconds: float = _setting(
        3,
        kinds.number(0, DAY),
        "Over how long a stopping process spreads the closing of its sockets.",
        "seconds",
    )

    @classmethod
    def from_mapping(
        cls, mapping: Mapping[str, Any], names: Mapping[str, str] | None = None
    ) -> Config:
        """Return the settings of an app.

        :param mapping: the app's config; its ``REALTIME_*`` keys are read.
        :param names: what errors call a setting, where that is not its key.
        :raises InvalidSetting: if there is no such setting, or its value cannot be used.
        """
        known = {_PREFIX + f.name.upper(): f for f in fields(cls)}
        values = {}
        for name, value in mapping.items():
            if not isinstance(name, str) or not name.startswith(_PREFIX):
                continue
            if name not in known:
                raise InvalidSetting(_unknown(name, list(known)))
            shown = (names or {}).get(name, name)
            values[known[name].name] = _read(shown, value, known[name].metadata["kind"])
        config = cls(**values)
        if config.path.startswith(f"{config.url_prefix}/"):
            raise InvalidSetting(
                f"REALTIME_PATH is {config.path!r}, but paths below {config.url_prefix}/ "
                f"(REALTIME_URL_PREFIX) belong to flask_realtime's own views: choose a path "
                f"outside of them."
            )
        return config

    def differing(self, other: Config) -> list[str]:
        """Return the ``REALTIME_*`` names of the settings that have another value in *other*."""
        return [
            _PREFIX + f.name.upper()
            for f in fields(self)
            if getattr(self, f.name) != getattr(other, f.name)
        ]

    @classmethod
    def documentation(cls) -> Iterator[Setting]:
        """Yield every setting, in the order of the documentation's table."""
        for f in fields(cls):
            kind: Kind = f.metadata["kind"]
            yield Setting(
                _PREFIX + f.name.upper(),
                kind.type,
                f"{f.default:,}" if type(f.default) is int else repr(f.default),
                f.metadata["unit"],
                f.metadata["doc"],
            )

    def __repr__(self) -> str:
        shown = (f"{f.name}={f.metadata['kind'].show(getattr(self, f.name))}" for f in fields(self))
        return f"Config({', '.join(shown)})"


def _read(name: str, value: Any, kind: Kind) -> Any:
    try:
        return kind.read(value)
    except ValueError as error:
        given = kind.show(value)
        hint = hint_for_text(value, kind.read) if isinstance(value, str) else ""
        sentence = f"{name} is {given}, but {kind.expected} is expected. {hint or error}"
        # Not chained: the cause may quote a URL with its password.
        raise InvalidSetting(sentence.strip()) from None


def _unknown(name: str, known: list[str]) -> str:
    # Compared without the common prefix, which would make any two names look alike.
    by_rest = {one.removeprefix(_PREFIX): one for one in known}
    rest = name.removeprefix(_PREFIX).upper()
    nearest = [one for one in by_rest if rest and one.startswith(f"{rest}_")]
    nearest = nearest or difflib.get_close_matches(rest, by_rest, 1, 0.5)
    if nearest:
        return f"{name} is not a setting of flask_realtime; did you mean {by_rest[nearest[0]]}?"
    return f"{name} is not a setting of flask_realtime; the settings are: {', '.join(known)}."
