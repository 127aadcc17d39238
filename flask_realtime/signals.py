"""The signals that an app can connect to, as to Flask's own."""

from __future__ import annotations

from blinker import Namespace

_signals = Namespace()

#: Sent when a socket has joined. The sender is the app, and the function that is called runs in a
#: request context like a handler's.
socket_joined = _signals.signal("realtime-socket-joined")
#: Sent when a socket has left. The sender is the app, and the function that is called runs in a
#: request context like a handler's. A process that is killed sends nothing.
socket_left = _signals.signal("realtime-socket-left")
