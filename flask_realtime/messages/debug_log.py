"""The log line for each message of an app in debug mode."""

from __future__ import annotations

from flask import Flask

from ..protocol.messages import CALL, Message, Reply
from .show import show


def log_reply(app: Flask, message: Message, reply: Reply) -> None:
    """Log the handler or route that answered a message, and the status of the reply.

    Nothing is logged unless the app is in debug mode. The line goes to the app's own logger at
    level INFO, because Flask shows that level of that logger in debug mode.

    :param app: the app that has answered.
    :param message: the message.
    :param reply: the app's reply to the message.
    """
    if app.debug:
        app.logger.info("realtime: %s was answered %d.", _name(message), reply.status)


def _name(message: Message) -> str:
    if message.action != CALL:
        return f"the handler {show(message.action)}"
    method, uri = message.data.get("method", "get"), message.data.get("uri")
    shown = show(str(method).upper()).strip('"')
    return f"call-route {shown:.10} {show(uri)}"
