"""Push JSON from Flask views to browsers over WebSockets, and call routes from there."""

from .errors import (
    AlreadyRegistered,
    CloseCode,
    HoldsToken,
    InvalidChannel,
    InvalidIdentity,
    InvalidMessage,
    InvalidSetting,
    NobodyListens,
    NoContext,
    NotFlushed,
    NotSubscribed,
    RealtimeError,
    RegistryUnavailable,
    SetupFinished,
    TooManyChannels,
    UnknownAction,
    WrittenByNobody,
)
from .extension import Realtime
from .publisher import Publisher
from .registries.base import Registry
from .signals import socket_joined, socket_left
from .version import __version__

__all__ = [
    "AlreadyRegistered",
    "CloseCode",
    "HoldsToken",
    "InvalidChannel",
    "InvalidIdentity",
    "InvalidMessage",
    "InvalidSetting",
    "NoContext",
    "NobodyListens",
    "NotFlushed",
    "NotSubscribed",
    "Publisher",
    "Realtime",
    "RealtimeError",
    "Registry",
    "RegistryUnavailable",
    "SetupFinished",
    "TooManyChannels",
    "UnknownAction",
    "WrittenByNobody",
    "__version__",
    "socket_joined",
    "socket_left",
]
