"""The table of handlers."""

from __future__ import annotations

import pytest

from flask_realtime.errors import AlreadyRegistered, UnknownAction
from flask_realtime.messages.handlers import Handlers


def answer(message):
    return "yes"


def test_handlers_find_the_function_of_an_action():
    """A message's action finds its handler."""
    handlers = Handlers()

    handlers.add("shout", answer)

    assert handlers.get("shout") is answer


def test_handlers_refuse_a_second_function_for_an_action():
    """A second handler for the same action is an error."""
    handlers = Handlers()
    handlers.add("shout", answer)

    with pytest.raises(AlreadyRegistered, match="shout"):
        handlers.add("shout", answer)


@pytest.mark.parametrize("action", ["ping", "resume"])
def test_handlers_refuse_what_the_library_answers(action):
    """A handler for ping or resume would never be called, and is an error."""
    with pytest.raises(AlreadyRegistered, match=action):
        Handlers().add(action, answer)


@pytest.mark.parametrize("action", ["", None, 7])
def test_handlers_refuse_an_action_that_is_no_name(action):
    """An action must be a non-empty string."""
    with pytest.raises(TypeError, match="shout"):
        Handlers().add(action, answer)


def test_handlers_name_the_known_actions_when_asked_for_another():
    """The error for an unknown action lists the existing ones."""
    handlers = Handlers()
    handlers.add("shout", answer)

    with pytest.raises(UnknownAction, match=r"'shuot'.*ping, resume, shout"):
        handlers.get("shuot")


def test_handlers_refuse_what_is_no_function():
    """A handler that is not a function is an error at once, and not at each message."""
    with pytest.raises(TypeError, match=r"'shout'\) decorates a function, not 3\."):
        Handlers().add("shout", 3)
