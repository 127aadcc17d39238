"""An app that wants to hear of SIGTERM too, before the server whose signal it is."""

import signal

from main import app, realtime

_inner = signal.getsignal(signal.SIGTERM)


def _on_stop(number, frame):
    app.logger.info("told to stop")
    if callable(_inner):
        _inner(number, frame)


signal.signal(signal.SIGTERM, _on_stop)

__all__ = ["app", "realtime"]
