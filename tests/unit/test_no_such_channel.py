"""Views that ask for channels whose names none can have."""

import logging

from flask import Flask

from flask_realtime import Realtime


def test_view_that_asks_for_no_name_is_told_of_once(caplog):
    """An app subscribes its pages to a pattern, and nobody debugs it. The pages are not found, and
    the log has one line that says why, however often somebody asks."""
    app = Flask(__name__)
    app.secret_key = "secret"
    realtime = Realtime(app)

    @app.get("/")
    def show():
        realtime.socket.subscribe("room:*")
        return "<body>"

    assert [app.test_client().get("/").status_code for _ in range(3)] == [404] * 3
    [line] = [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING]
    assert "view 'show'" in line
    assert "'room:*' contains a '*'" in line
