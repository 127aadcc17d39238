"""Functions of an app for sockets that join and leave."""

import pytest
from blinker import Signal
from flask import Flask, current_app

from flask_realtime.messages.hooks import Hooks


@pytest.fixture
def app():
    return Flask(__name__)


@pytest.fixture
def hooks():
    """Hooks, and a signal of their own."""
    return Hooks(Signal())


def test_hooks_run_functions_in_order_and_then_the_signal(app):
    """Functions run in the order in which they were added, within the app's context."""
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


def test_hook_that_fails_keeps_no_other_from_running(app, caplog):
    """Two functions fail. The one between them, and what hears the signal, run all the same. The
    first error is raised, and the log has the second."""
    signal, ran = Signal(), []
    hooks = Hooks(signal)
    hooks.add(lambda: 1 / 0)
    hooks.add(lambda: ran.append("second"))
    hooks.add(lambda: [][0])

    @signal.connect
    def receive(sender):
        ran.append("signal")

    with app.app_context(), pytest.raises(ZeroDivisionError):
        hooks()

    assert ran == ["second", "signal"]
    assert [record.exc_info[0] for record in caplog.records] == [IndexError]


def test_hook_that_takes_too_long_keeps_no_other_from_running(app, hooks):
    """A function gives up a database that hangs, as gevent's Timeout does: it is no Exception."""
    ran = []

    def give_up():
        raise SystemExit

    hooks.add(give_up)
    hooks.add(lambda: ran.append("second"))

    with app.app_context(), pytest.raises(SystemExit):
        hooks()

    assert ran == ["second"]


def test_hooks_run_async_functions(app, hooks):
    """An async function is run as Flask runs async views."""
    ran = []

    async def hook():
        ran.append(1)

    hooks.add(hook)

    with app.app_context():
        hooks()

    assert ran == [1]


def test_hooks_tell_whether_there_is_anything_to_run(hooks):
    """Without functions and receivers there is nothing to run."""
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
    """A hook that is not a function is an error at once, and not at each socket."""
    with pytest.raises(
        TypeError, match=r"on_join and @realtime\.on_leave decorate a function, not 3\."
    ):
        hooks.add(3)

    assert not hooks
