"""The log lines of messages in debug mode."""

from __future__ import annotations

import logging

import pytest
from flask import abort

from ..conversations import Browser


@pytest.mark.parametrize("is_debug", [True, False])
def test_log_names_what_was_asked_and_its_status_in_debug_mode(app, caplog, is_debug):
    """In debug mode the log names each message's handler or route, and its status."""
    app.debug = is_debug
    app.add_url_rule("/lost", "lost", lambda: abort(410))
    socket = Browser(app).open_socket({"do": lambda message: "yes"})

    with caplog.at_level(logging.INFO):
        socket.say("do")
        socket.call("/lost", method="get")
        socket.call("/nowhere", method="post")
        socket.say("don't")

    told = [one.getMessage() for one in caplog.records if one.getMessage().startswith("realtime:")]
    assert told == is_debug * [
        'realtime: the handler "do" was answered 200.',
        'realtime: call-route GET "/lost" was answered 410.',
        'realtime: call-route POST "/nowhere" was answered 404.',
        'realtime: the handler "don\'t" was answered 404.',
    ]


def test_log_shows_control_characters_of_a_method_escaped(app, caplog):
    """A method is whatever a client sends. It begins no line of its own in the log, and gives the
    terminal that shows the log no orders."""
    app.debug = True
    socket = Browser(app).open_socket({})

    with caplog.at_level(logging.INFO):
        socket.call("/", method="\n\x1b[2J")

    (told,) = [one.getMessage() for one in caplog.records if "call-route" in one.getMessage()]
    assert told.isprintable()
