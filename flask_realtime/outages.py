"""Answers requests whose view was cut short because the registry is unavailable."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, got_request_exception
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import InternalServerError, ServiceUnavailable

from .caching import keep_nowhere
from .errors import RegistryUnavailable
from .flask_contexts import present_app, present_request
from .threads.rare_warnings import RareWarnings

logger = logging.getLogger(__name__)
warnings = RareWarnings(logger)

# After this number of seconds Redis may be back.
RETRY_AFTER = 1


def answer_outages(app: Flask) -> None:
    """Have views and handlers of *app* that raise :exc:`RegistryUnavailable` be answered 503.

    While Redis hangs, each push raises this error, and Flask would log a traceback for each.
    """
    if RegistryUnavailable not in app.error_handler_spec[None][None]:
        app.register_error_handler(RegistryUnavailable, answer_outage)


def answer_outage(error: RegistryUnavailable) -> ResponseReturnValue:
    """Return the answer to the current request, which *error* has cut short.

    A handler of the app for this error, or for a base class of it, comes first. Else the answer is
    503 with ``Retry-After``, made by the app's handler of 503 if it has one. The log gets one line
    a second for each endpoint. Error trackers hear of the error as always, by Flask's
    ``got_request_exception``.

    :raises RegistryUnavailable: *error*, where Flask would raise it (in tests, and while debugging)
        or hand it to the app's function for failures (a handler of 500, but of no 503).
    """
    app = present_app()
    own = _handler_of(app, type(error))
    if own is None:
        return _come_back(error)
    answer: ResponseReturnValue = app.ensure_sync(own)(error)
    return answer


def away(response: Response) -> Response:
    """Make *response* say that the registry is away, and that the client is to come back."""
    response.status_code = 503
    response.mimetype = "text/plain"
    response.set_data("The registry is unavailable; try again.")
    response.headers["Retry-After"] = str(RETRY_AFTER)
    response.headers.pop("Content-Encoding", None)
    keep_nowhere(response)
    return response


def _come_back(error: RegistryUnavailable) -> ResponseReturnValue:
    app = present_app()
    page = _handler_of(app, ServiceUnavailable, ServiceUnavailable.code)
    if _propagates(app) or (
        page is None and _handler_of(app, InternalServerError, InternalServerError.code)
    ):
        raise error
    got_request_exception.send(app, _async_wrapper=app.ensure_sync, exception=error)
    _log(error)
    unavailable = ServiceUnavailable(retry_after=RETRY_AFTER)
    if page is not None:
        answer: ResponseReturnValue = app.ensure_sync(page)(unavailable)
        return answer
    response = app.make_response(unavailable)
    # A cache may be set up to keep whatever does not say how long: then it would show this answer
    # even when Redis is back.
    keep_nowhere(response)
    return response


def _log(error: RegistryUnavailable) -> None:
    endpoint = present_request().endpoint or "a view"
    what = "What it wanted of the registry is not tried again."
    if error.push_id is not None:
        what = "Its push may be lost, and is not tried again."
    why = str(error).rstrip(".")
    warnings.warn(endpoint, f"{endpoint} is cut short, and answered 503: {why}. {what}")
    logger.debug("%s was cut short here:", endpoint, exc_info=error)


def _propagates(app: Flask) -> bool:
    propagates: bool | None = app.config["PROPAGATE_EXCEPTIONS"]
    return app.testing or app.debug if propagates is None else propagates


def _handler_of(
    app: Flask, kind: type[Exception], code: int | None = None
) -> Callable[..., Any] | None:
    """Return the function with which the app itself handles an error at the current request."""
    for key in (None,) if code is None else (code, None):
        for name in (*present_request().blueprints, None):
            handlers = app.error_handler_spec[name][key]
            for one in kind.__mro__:
                found = handlers.get(one)
                if found is not None and found is not answer_outage:
                    return found
    return None
