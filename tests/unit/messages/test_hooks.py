"""Runs what an app has for sockets that join and leave."""

import pytest
from blinker import Signal
from flask import Flask, current_app

from flask_realtime.messages.hooks import Hooks


@pytest.fixture
def app():
    return Flask(__name__)


@pytest.fixture
def hooks():
    """Hooks beside a signal that nobody else knows."""
    return Hooks(Signal())


def test_hooks_run_functions_in_order_and_then_the_signal(app):
    """Functions run in the order in which they were added, in the app's context."""
    signal, ran = Signal(), []
    hooks = Hooks(signal)
    hooks.add(lambda: ran.append(current_app.name))
    hooks.add(lambda: ran.append("second"))

    @signal.connect
    def receive(sender):
        ran.append(sender)

    with app.app_context():
        hooks()

    assert ran == [app.name, "second", app]


def test_hooks_run_async_functions(app, hooks):
    """A hook may be an async function."""
    ran = []

    async def hook():
        ran.append(1)

    hooks.add(hook)

    with app.app_context():
        hooks()

    assert ran == [1]


def test_hooks_tell_whether_there_is_anything_to_run(hooks):
    """An app without hooks and receivers of the signal pays nothing."""
    signal = Signal()
    heard = Hooks(signal)
    receiver = lambda sender: None  # noqa: E731 - held here, since a signal holds it weakly
    signal.connect(receiver)
    before = bool(hooks)
    hooks.add(print)

    assert not before
    assert hooks
    assert heard


def test_hooks_refuse_what_is_no_function(hooks):
    """At once, since it would fail with each socket."""
    with pytest.raises(
        TypeError, match=r"on_join and @realtime\.on_leave decorate a function, not 3\."
    ):
        hooks.add(3)

    assert not hooks
