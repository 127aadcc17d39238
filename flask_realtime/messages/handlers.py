"""The table of handlers: which function answers the messages of which action."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from ..config.settings import Config
from ..errors import AlreadyRegistered, UnknownAction
from ..signatures import check_arguments
from .environ import Call

ViewHandler = Callable[[Any], Any]


class RouteHandler(ABC):
    """A handler that makes a request of each message, and answers with the app's response to it."""

    @abstractmethod
    def read(self, data: dict[str, Any], config: Config) -> Call:
        """Return the request to make for a message.

        :param data: the fields of the message.
        :param config: the settings of the app.
        :raises InvalidMessage: if the message describes no request.
        """


Handler = ViewHandler | RouteHandler

# The connection answers these actions itself, even while a handler runs.
_RESERVED = frozenset(["ping", "resume"])


class Handlers:
    """The functions that answer messages, by action."""

    def __init__(self) -> None:
        self._functions: dict[str, Handler] = {}

    def add(self, action: str, function: Handler) -> None:
        """Let *function* answer the messages whose action is *action*.

        :param action: the name that clients give in their messages.
        :param function: called with the data of each message.
        :raises TypeError: if *action* is not a string that names something, as when the decorator
            is written without parentheses, or if *function* cannot be called with one argument.
        :raises AlreadyRegistered: if the action has a handler already, or is one of the library's.
        """
        check_action(action)
        if not (callable(function) or isinstance(function, RouteHandler)):
            raise TypeError(
                f"@realtime.handler({action!r}) decorates a function, not {function!r:.60}."
            )
        if action in _RESERVED or isinstance(self._functions.get(action), RouteHandler):
            raise AlreadyRegistered(
                f"The action {action!r} is answered by flask_realtime itself; choose another name."
            )
        if action in self._functions:
            raise AlreadyRegistered(
                f"The action {action!r} already has a handler, {self._functions[action]!r}; an "
                f"action can have only one."
            )
        if not isinstance(function, RouteHandler):
            check_arguments(function, ("data",), f"@realtime.handler({action!r})")
        self._functions[action] = function

    def get(self, action: str) -> Handler:
        """Return the function that answers *action*.

        :raises UnknownAction: if the action has no handler.
        """
        try:
            return self._functions[action]
        except KeyError:
            raise UnknownAction(action, self.actions()) from None

    def actions(self) -> list[str]:
        """Return all actions that a client may name, in alphabetical order."""
        return sorted([*self._functions, *_RESERVED])


def check_action(action: object) -> None:
    """Check that *action* can be the name of an action.

    :raises TypeError: if it is not a string, or empty; the error says what to write instead.
    """
    if callable(action):
        name = getattr(action, "__name__", "a function")
        raise TypeError(
            f"@realtime.handler needs the name of the action that {name!r} answers: write "
            f'@realtime.handler("{name}"), or the name that clients use.'
        )
    if not isinstance(action, str) or not action:
        raise TypeError(
            f'An action must be a string, as in @realtime.handler("shout"), not {action!r}.'
        )
