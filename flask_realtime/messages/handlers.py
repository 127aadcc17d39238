"""The table of handlers: action to function."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from ..config.settings import Config
from ..errors import AlreadyRegistered, UnknownAction
from .environ import Call

ViewHandler = Callable[[Any], Any]


class RouteHandler(ABC):
    """A handler that answers with the app's response to a request of its making."""

    @abstractmethod
    def read(self, data: dict[str, Any], config: Config) -> Call:
        """Return the request that a message asks for.

        :param data: the fields of the message.
        :param config: the settings of the app.
        :raises InvalidMessage: if no request can be made of the message.
        """


Handler = ViewHandler | RouteHandler

# The connection answers these itself, also while a handler runs.
_RESERVED = frozenset(["ping", "resume"])


class Handlers:
    """The functions that answer messages, by action."""

    def __init__(self) -> None:
        self._functions: dict[str, Handler] = {}

    def add(self, action: str, function: Handler) -> None:
        """Let *function* answer the messages whose action is *action*.

        :raises TypeError: if *action* is no text, as in a decorator without parentheses, or
            *function* is none.
        :raises AlreadyRegistered: if the action has a handler, or is answered by the library.
        """
        check_action(action)
        if not (callable(function) or isinstance(function, RouteHandler)):
            raise TypeError(
                f"@realtime.handler({action!r}) stands above a function, and not above "
                f"{function!r:.60}."
            )
        if action in _RESERVED:
            raise AlreadyRegistered(
                f"The action {action!r} is answered by flask_realtime itself; choose another name."
            )
        if action in self._functions:
            raise AlreadyRegistered(
                f"The action {action!r} has a handler already, {self._functions[action]!r}: an "
                f"action has one."
            )
        self._functions[action] = function

    def get(self, action: str) -> Handler:
        """Return the function that answers *action*.

        :raises UnknownAction: if there is no such function.
        """
        try:
            return self._functions[action]
        except KeyError:
            raise UnknownAction(action, self.actions()) from None

    def actions(self) -> list[str]:
        """Return the actions that a client may name, sorted."""
        return sorted([*self._functions, *_RESERVED])


def check_action(action: object) -> None:
    """Check that *action* can name a kind of message.

    :raises TypeError: if it cannot, with what to write in its place.
    """
    if callable(action):
        name = getattr(action, "__name__", "a function")
        raise TypeError(
            f"@realtime.handler stands above {name!r} without the name of an action: write "
            f'@realtime.handler("{name}"), or whatever clients call the action.'
        )
    if not isinstance(action, str) or not action:
        raise TypeError(
            f'An action is a text, as in @realtime.handler("shout"); this is {action!r}.'
        )
