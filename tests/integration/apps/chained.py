"""An app with its own handler of SIGTERM, which runs before the server's."""

import signal

from main import app, realtime

_inner = signal.getsignal(signal.SIGTERM)


def _on_stop(number, frame):
    app.logger.info("told to stop")
    if callable(_inner):
        _inner(number, frame)


signal.signal(signal.SIGTERM, _on_stop)

__all__ = ["app", "realtime"]
