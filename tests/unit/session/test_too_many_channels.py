"""Pages that would hear more channels than one page may."""

from __future__ import annotations

import re

import pytest


@pytest.fixture
def app(plain_app, realtime):
    app = plain_app
    app.config["REALTIME_MAX_CHANNELS_PER_PAGE"] = 2
    realtime.init_app(app)

    @app.get("/")
    def show():
        realtime.socket.subscribe("a", "b")
        return "<body></body>"

    @app.post("/rooms/<room>")
    def enter(room):
        realtime.socket.subscribe(room)
        return "", 204

    return app


def test_open_page_that_asks_for_one_channel_too_many_is_answered_429(app, caplog):
    """A visitor's script asks for room after room. The view has succeeded, and the page is not
    subscribed: the answer says why, and the log has a line and no traceback."""
    client = app.test_client()
    page = re.search('connection-id="([^"]+)"', client.get("/").text)[1]
    headers = {"X-Realtime-Connection-Id": page}

    known, new = (client.post(f"/rooms/{room}", headers=headers) for room in ("b", "c"))

    assert (known.status_code, new.status_code) == (204, 429)
    assert "REALTIME_MAX_CHANNELS_PER_PAGE" in new.text
    assert new.headers["Cache-Control"] == "no-store"
    (told,) = [one for one in caplog.records if one.levelname != "INFO"]
    assert (told.levelname, told.exc_info) == ("WARNING", None)
    assert "REALTIME_MAX_CHANNELS_PER_PAGE" in told.getMessage()
