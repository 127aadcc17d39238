"""Channels that a request asks for, by names that it may have made up."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from flask import current_app, has_request_context, request
from werkzeug.exceptions import NotFound

from .errors import InvalidChannel, RealtimeError
from .page.advice import advice
from .protocol.channels import check_name, flatten

# The classes of the error that says what is wrong with a name. An app's handler for one of them is
# meant for it; a handler for all errors, for Exception that is, is not.
_KINDS = (InvalidChannel, RealtimeError, ValueError)


class NoSuchChannel(InvalidChannel, NotFound):
    """A request asks for a channel by a text that cannot be a name.

    The text usually comes from the request, so a view that leaves the error alone answers 404.
    """

    def __init__(self, why: str, text: str | None = None) -> None:
        NotFound.__init__(self)
        # NotFound has emptied args, which InvalidChannel fills.
        self.args = (why,)
        self.text = text

    def __str__(self) -> str:
        return str(self.args[0])


def names_asked_for(channels: Collection[Any], pattern: Any = None) -> list[str]:
    """Return the names in *channels* and, behind them, *pattern*, as :func:`.flatten` does.

    :raises NoSuchChannel: in a request, if one of them is a text that cannot be used.
    :raises InvalidChannel: if there is none, or one is no text: a mistake of the app's. Outside of
        requests also if a text cannot be used.
    """
    try:
        return flatten(channels, pattern)
    except InvalidChannel as error:
        raise not_found(error) from None


def name_asked_for(channel: Any) -> str:
    """Return *channel* if it is a name, as :func:`.check_name` does.

    :raises NoSuchChannel: in a request, if it is a text that cannot be a name.
    :raises InvalidChannel: if it is no text; outside of requests also if it is another text.
    """
    try:
        return check_name(channel)
    except InvalidChannel as error:
        raise not_found(error) from None


def not_found(error: InvalidChannel, why: str = "") -> InvalidChannel:
    """Return the error by which the current request is answered 404.

    That is *error* itself where no text is the fault, outside of requests, and where the app has a
    handler for such errors.

    The log says why, of each view once.

    :param why: what is wrong with the text; empty: what *error* says.
    """
    if error.text is None or not has_request_context() or _is_handled_by_app():
        return error
    why = why or str(error)
    if current_app.debug:
        current_app.logger.warning(
            "realtime: the view %r was answered 404, because no channel can have the name "
            "that the view asked for: %s",
            request.endpoint,
            why,
        )
    else:
        advice().no_such_channel(why)
    return NoSuchChannel(why, error.text)


def _is_handled_by_app() -> bool:
    """Return whether the app has an error handler for such errors, and not for all errors alike.

    Flask would prefer the app's handler for 404, if there is one, for what is a 404 as well.
    """
    specs = current_app.error_handler_spec
    handlers = [specs.get(name, {}).get(None, {}) for name in (*request.blueprints, None)]
    return any(one in each for each in handlers for one in _KINDS)
