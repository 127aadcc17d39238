"""Ids of pages that are being rendered."""

import flask
import pytest

from flask_realtime.identity.keys import date_of, is_anothers
from flask_realtime.page.new_ids import new_page_id
from flask_realtime.page.request_times import note_arrival, note_disconnect
from flask_realtime.page.user_loader import EXTENSION, Identify
from flask_realtime.threads import clock

KEY = "the-socket-key"


@pytest.fixture
def app():
    app = flask.Flask(__name__)
    app.secret_key = "secret"
    app.extensions[EXTENSION] = Identify()
    app.extensions[EXTENSION].set(lambda: flask.session.get("user"))
    return app


def new_id():
    return new_page_id(lambda: KEY, flask.session.get("user"))


def now():
    return int(clock.now() * 1000)


def test_id_tells_when_the_request_came(app):
    """A page requested before a user's ban is older than the ban, however late its response is."""
    with app.test_request_context():
        flask.session["socket_key"] = KEY
        note_arrival(flask.request)
        came = now()
        for _ in range(2):
            assert date_of(new_id(), ["secret"], KEY) <= came + 1


def test_page_that_disconnects_its_user_is_newer_than_that(app):
    """A view disconnects its user and renders a page, which may connect."""
    with app.test_request_context():
        flask.session["socket_key"] = KEY
        note_arrival(flask.request)
        before = now()
        note_disconnect("somebody")

        assert date_of(new_id(), ["secret"], KEY) >= before


@pytest.mark.parametrize("lacks", ["a session", "users", "a secret key"])
def test_id_of_who_cannot_be_banned_is_as_short_as_can_be(app, lacks):
    """A stranger without a session, or of an app without users, gets an id without a time."""
    if lacks == "users":
        app.extensions[EXTENSION] = Identify()
    if lacks == "a secret key":
        app.secret_key = None
    with app.test_request_context():
        if lacks == "users":
            flask.session["socket_key"] = KEY

        assert len(new_id()) == 22


@pytest.mark.parametrize("stored", [{}, {"socket_key": KEY}])
def test_id_of_a_users_page_tells_whose_it_is(app, stored):
    """With or without a session key so far, the id tells for which user the page is rendered, and
    when it was asked for. The user may have logged in by the same request."""
    with app.test_request_context():
        flask.session.update(stored)
        assert not is_anothers(new_id(), ["secret"], "bob")
        flask.session["user"] = "ada"
        page = new_id()

    assert is_anothers(page, ["secret"], "bob")
    assert not is_anothers(page, ["secret"], "ada")
    assert date_of(page, ["secret"], KEY) is not None
