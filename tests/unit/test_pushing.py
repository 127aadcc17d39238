"""Pushes of the Realtime object, on a real registry in memory."""

import json
import logging

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from jinja2 import DictLoader
from sqlalchemy import Column, Integer

from flask_realtime import InvalidChannel, Realtime
from flask_realtime.pushing import MOST_REFRESHED_AT_ONCE

from ..eventually import eventually


@pytest.fixture
def app():
    app = Flask(__name__)
    app.secret_key = "secret"
    app.testing = True
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    app.jinja_loader = DictLoader({"row.html": "<li>{{ text }}</li>"})
    return app


@pytest.fixture
def realtime(app):
    return Realtime(app)


@pytest.fixture
def db(app):
    db = SQLAlchemy(app)

    class Row(db.Model):
        id = Column(Integer, primary_key=True)
        room = Column(Integer)

    db.Row = Row
    with app.app_context():
        db.create_all()
        yield db
        db.engine.dispose()


@pytest.fixture
def log(app):
    """A function that reads a channel's log."""

    def log(channel):
        registry = app.extensions["realtime"].node().registry
        start = registry.read({channel: None}, 1)[channel].tail
        begin = start._replace(seq=0, tag="")
        page = registry.read({channel: begin}, 100_000)[channel]
        return [(one.route.kind, json.loads(one.payload)) for one in page.publications]

    return log


def test_fragment_is_rendered_and_stands_in_the_log(app, realtime, log):
    """A fragment is rendered, and stored in the log like a message."""
    with app.test_request_context("/"):
        realtime.to("room:1").append("#messages", "row.html", text="<hi>")

    fragment = {"action": "append", "target": "#messages", "html": "<li>&lt;hi&gt;</li>"}
    assert log("room:1") == [("html", [fragment])]


def test_push_of_an_audience_is_a_push(app, realtime, log):
    """A push of an audience goes to channels by name and by pattern."""
    with app.app_context():
        realtime.push(1, "room:1", "room:2")
        realtime.to("room:1").push(2)
        realtime.to(pattern="room:*").push(3)

    assert log("room:1") == [("payload", 1), ("payload", 2), ("payload", 3)]
    assert log("room:2") == [("payload", 1), ("payload", 3)]


@pytest.mark.parametrize("names", [[], ["room:*"], ["@user:1"], [""]])
def test_audience_of_no_valid_name_is_refused(realtime, names):
    """realtime.to() with an invalid name is an error at once, not at the push."""
    with pytest.raises(InvalidChannel):
        realtime.to(*names)


@pytest.mark.parametrize("messages", [{"a": 1}, ["ab"], [("hi", "room:1", 3)]])
def test_push_of_what_are_no_pairs_is_refused(app, realtime, messages):
    """The error shows what a pair looks like."""
    with app.app_context(), pytest.raises(TypeError, match="pairs of a message and its channel"):
        realtime.push_many(messages)


@pytest.mark.parametrize(
    "name", [lambda realtime: realtime.to_user(3), lambda realtime: realtime.user(3)]
)
def test_user_in_an_app_without_identify_is_logged_once(app, realtime, caplog, name):
    """An app without realtime.identify uses to_user(), which reaches nobody. One warning says
    so."""
    with app.app_context():
        name(realtime)
        name(realtime)

    assert [one.levelname for one in caplog.records] == ["WARNING"]
    assert "@realtime.identify" in caplog.text


def test_user_in_an_app_with_identify_is_not_logged(app, realtime, caplog):
    """An app with realtime.identify uses to_user() without a warning."""
    realtime.identify(lambda: None)
    with app.app_context():
        realtime.to_user(3)
        realtime.user(3)

    assert not caplog.records


def test_ephemeral_push_stands_in_no_log(app, realtime, log):
    """An ephemeral push reaches pages that are connected now, and no log keeps it."""
    with app.app_context():
        realtime.to("room:1", ephemeral=True).push("writing")
        realtime.push("hi", "room:1")

    assert log("room:1") == [("payload", "hi")]


def test_page_that_asks_can_be_left_out(app, realtime):
    """With include_self=False the push leaves out the page that the request names; a request that
    names none leaves nobody out."""

    @app.post("/say")
    def say():
        realtime.to("room:1", include_self=False).push("hi")
        return realtime.socket.digest

    app.add_url_rule("/", "index", lambda: "<body>")
    client = app.test_client()
    client.get("/")
    heard = []
    registry = app.extensions["realtime"].node().registry
    publish = registry.publish
    registry.publish = lambda pushes: heard.extend(pushes) or publish(pushes)

    named = client.post("/say", headers={"X-Realtime-Connection-Id": "a" * 22}).text
    client.post("/say")

    assert [one.route.but_for for one in heard] == [named, ""]


@pytest.mark.skipif(
    "SECRET_KEY_FALLBACKS" not in Flask.default_config, reason="Flask 3.1 reads earlier keys"
)
def test_page_that_asks_is_left_out_while_the_secret_key_is_exchanged(app, realtime):
    """The page's socket was opened under the former secret key. include_self=False leaves it out
    all the same."""

    @app.post("/say")
    def say():
        realtime.to("room:1", include_self=False).push("hi")
        return realtime.socket.digest

    app.add_url_rule("/", "index", lambda: "<body>")
    client = app.test_client()
    client.get("/")
    page = {"X-Realtime-Connection-Id": "a" * 22}
    before = client.post("/say", headers=page).text
    app.config["SECRET_KEY_FALLBACKS"] = [app.secret_key]
    app.secret_key = "another"
    heard = []
    registry = app.extensions["realtime"].node().registry
    publish = registry.publish
    registry.publish = lambda pushes: heard.extend(pushes) or publish(pushes)

    now = client.post("/say", headers=page).text

    assert now != before
    [push] = heard
    assert not push.route.concerns(before) and not push.route.concerns(now)


def test_no_session_is_begun_to_leave_a_page_out(app, realtime):
    """A visitor without a session gets no cookie because of include_self=False."""

    @app.post("/say")
    def say():
        realtime.to("room:1", include_self=False).push("hi")
        return {}

    headers = {"X-Realtime-Connection-Id": "a" * 22}
    response = app.test_client().post("/say", headers=headers)

    assert "Set-Cookie" not in response.headers


def test_push_waits_for_the_commit(realtime, db, log):
    """With after_commit a fragment is rendered at the push and sent after the commit."""
    row = db.Row(room=1)
    db.session.add(row)
    db.session.flush()
    realtime.to("room:1", after_commit=db.session).push({"id": row.id})
    assert log("room:1") == []

    db.session.commit()

    assert log("room:1") == [("payload", {"id": 1})]


def test_push_after_the_commit_of_nothing_goes_at_once(realtime, db, log):
    """Without a transaction the push is sent at once."""
    realtime.to("room:1", after_commit=db.session).push("hi")

    assert log("room:1") == [("payload", "hi")]


def test_commit_refreshes_the_channels_of_its_rows(realtime, db, log):
    """A commit refreshes each channel of its rows once."""
    realtime.refresh_on_commit(db.Row, "room:{room}")
    db.session.add_all([db.Row(room=1), db.Row(room=1), db.Row(room=2)])

    db.session.commit()

    assert log("room:1") == [("refresh", True)]
    assert log("room:2") == [("refresh", True)]


def test_commit_refreshes_the_page_that_asked_for_it_too(app, realtime, db):
    """The page whose request commits is refreshed too, because its response may be empty, or one of
    several blocks."""
    realtime.refresh_on_commit(db.Row, "room:{room}")
    app.add_url_rule("/", "index", lambda: "<body>")

    @app.post("/say")
    def say():
        db.session.add(db.Row(room=1))
        db.session.commit()
        return realtime.socket.digest

    client = app.test_client()
    client.get("/")
    heard = []
    registry = app.extensions["realtime"].node().registry
    publish = registry.publish
    registry.publish = lambda pushes: heard.extend(pushes) or publish(pushes)

    named = client.post("/say", headers={"X-Realtime-Connection-Id": "a" * 22}).text

    [push] = heard
    assert push.route.kind == "refresh" and push.route.concerns(named)


def test_commit_within_quietly_refreshes_nothing(realtime, db, log):
    """A commit within realtime.quietly() refreshes nothing; the next one does."""
    realtime.refresh_on_commit(db.Row, "room:{room}")
    with realtime.quietly():
        db.session.add(db.Row(room=1))
        db.session.commit()
    assert log("room:1") == []

    db.session.add(db.Row(room=1))
    db.session.commit()

    assert log("room:1") == [("refresh", True)]


def test_commit_of_many_channels_does_not_wait_for_them(realtime, db, log):
    """Many channels are refreshed in the background."""
    realtime.refresh_on_commit(db.Row, "room:{room}")
    count = MOST_REFRESHED_AT_ONCE + 1
    db.session.add_all([db.Row(room=number) for number in range(count)])

    db.session.commit()

    eventually(lambda: log(f"room:{count - 1}") == [("refresh", True)])


def test_commit_that_names_an_invalid_channel_is_logged(realtime, db, log, caplog):
    """refresh_on_commit gives an invalid name. The commit stands, other channels are refreshed, and
    an ERROR is logged."""
    realtime.refresh_on_commit(db.Row, lambda row: ["", f"room:{row.room}"])
    db.session.add(db.Row(room=1))

    db.session.commit()

    assert log("room:1") == [("refresh", True)]
    assert any(one.levelno == logging.ERROR for one in caplog.records)
