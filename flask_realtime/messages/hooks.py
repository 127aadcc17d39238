"""The app's functions that run when a socket joins, or when it has left."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from flask import current_app

from ..signatures import check_arguments

logger = logging.getLogger(__name__)


class Hooks:
    """Functions without arguments that run together, and a signal that is sent after them.

    :param signal: a :class:`blinker.Signal`; its sender is the app.
    """

    def __init__(self, signal: Any) -> None:
        self._functions: list[Callable[[], Any]] = []
        self._signal = signal

    def add(self, function: Callable[[], Any]) -> None:
        """Add a function, to run after those that were added before.

        :param function: called without arguments, in a request context.
        :raises TypeError: if *function* cannot be called, or needs arguments.
        """
        if not callable(function):
            raise TypeError(
                f"@realtime.on_join and @realtime.on_leave decorate a function, not "
                f"{function!r:.60}."
            )
        check_arguments(function, (), "@realtime.on_join, or @realtime.on_leave,")
        self._functions.append(function)

    def __bool__(self) -> bool:
        return bool(self._functions or self._signal.receivers)

    def __call__(self) -> None:
        """Run all functions, and send the signal. Call it in the request context of the socket.

        One that fails keeps none of the others from running. Raises the first error behind the
        last of them; further errors are logged.
        """
        errors: list[BaseException] = []
        for function in (*self._functions, self._send):
            try:
                current_app.ensure_sync(function)()
            except BaseException as error:
                # SystemExit is caught too, and gevent's Timeout of a database that hangs.
                errors.append(error)
        for further in errors[1:]:
            logger.error("A further function of on_join or on_leave failed.", exc_info=further)
        if errors:
            raise errors[0]

    def _send(self) -> None:
        self._signal.send(current_app._get_current_object())  # type: ignore[attr-defined]
