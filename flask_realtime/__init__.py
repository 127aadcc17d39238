"""Push JSON from Flask views to browsers over WebSockets, and call routes from there."""

from .errors import (
    AlreadyRegistered,
    CloseCode,
    InvalidChannel,
    InvalidIdentity,
    InvalidMessage,
    InvalidSetting,
    NobodyListens,
    NoContext,
    NotSubscribed,
    RealtimeError,
    RegistryUnavailable,
    SetupFinished,
    TooManyChannels,
    UnknownAction,
)
from .extension import Realtime
from .publisher import Publisher
from .registries.base import Registry
from .signals import socket_joined, socket_left
from .version import __version__

__all__ = [
    "AlreadyRegistered",
    "CloseCode",
    "InvalidChannel",
    "InvalidIdentity",
    "InvalidMessage",
    "InvalidSetting",
    "NoContext",
    "NobodyListens",
    "NotSubscribed",
    "Publisher",
    "Realtime",
    "RealtimeError",
    "Registry",
    "RegistryUnavailable",
    "SetupFinished",
    "TooManyChannels",
    "UnknownAction",
    "__version__",
    "socket_joined",
    "socket_left",
]
