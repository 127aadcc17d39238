"""The signals that an app can connect to."""

from __future__ import annotations

import flask

import flask_realtime
from flask_realtime import signals


def test_signals_are_public_and_two():
    """The package exports two signals under their documented names."""
    assert flask_realtime.socket_joined is signals.socket_joined
    assert flask_realtime.socket_left is signals.socket_left
    assert signals.socket_joined is not signals.socket_left


def test_signal_reaches_the_receivers_of_its_own_app():
    """A receiver that is connected for one app gets the signals of that app only."""
    one, other, told = flask.Flask("one"), flask.Flask("other"), []

    with signals.socket_left.connected_to(lambda sender: told.append(sender.name), one):
        signals.socket_left.send(other)
        signals.socket_left.send(one)

    assert told == ["one"]
