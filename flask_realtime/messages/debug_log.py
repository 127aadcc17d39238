"""What the developer's log says of each message while the app is in debug mode."""

from __future__ import annotations

from flask import Flask

from ..protocol.messages import Message, Reply
from .show import show


def log_reply(app: Flask, message: Message, reply: Reply) -> None:
    """Log which handler or route was asked, and the status of its reply, at INFO.

    By the app's own logger, which debug mode lets say so. Nothing is logged in any other mode.

    :param app: has answered.
    :param message: what was asked.
    :param reply: what was answered.
    """
    if app.debug:
        app.logger.info("realtime: %s was answered %d.", _name(message), reply.status)


def _name(message: Message) -> str:
    if message.action != "call-route":
        return f"the handler {show(message.action)}"
    method, uri = message.data.get("method", "get"), message.data.get("uri")
    return f"call-route {str(method).upper():.10} {show(uri)}"
