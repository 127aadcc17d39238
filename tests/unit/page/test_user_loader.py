"""The app's function that says which user a session belongs to."""

import flask
import flask_login
import pytest
from flask import session

from flask_realtime.errors import AlreadyRegistered, InvalidIdentity
from flask_realtime.page.sessions import present_session
from flask_realtime.page.user_loader import EXTENSION, Identify, identify, own_channels


@pytest.fixture
def app():
    app = flask.Flask(__name__)
    app.secret_key = "secret"
    return app


def asked(app, function, **stored):
    one = Identify()
    one.set(function)
    with app.test_request_context():
        session.update(stored)
        opened = present_session()
        opened.accessed = False
        return one.ask(opened), opened.accessed


def test_identity_is_what_the_function_says(app):
    """The function's number becomes a text, and None means a visitor who is not logged in."""
    assert asked(app, lambda: session.get("user"), user=42) == ("42", False)
    assert asked(app, lambda: session.get("user")) == (None, False)


def test_function_may_be_async(app):
    """An async function is run as Flask runs async views."""

    async def who():
        return session.get("user")

    assert asked(app, who, user="bob") == ("bob", False)


def test_module_of_flask_login_is_all_that_it_takes(app):
    """With the module flask_login, the id that Flask-Login or Flask-Security keeps in the session
    is the identity."""
    assert asked(app, flask_login, _user_id="7") == ("7", False)


def test_what_the_function_raises_is_raised(app):
    """An error of the function is raised, and does not make the user anonymous."""
    with pytest.raises(ZeroDivisionError):
        asked(app, lambda: 1 / 0)
    with pytest.raises(InvalidIdentity, match=r"function of realtime\.identify .* empty"):
        asked(app, lambda: "")


@pytest.mark.parametrize("function", [None, 42, "flask_login", pytest])
def test_identify_takes_a_function_or_flask_login(function):
    """Any other module is an error at once."""
    with pytest.raises(TypeError, match="takes a function, or the module flask_login"):
        Identify().set(function)


def test_identify_is_used_once():
    """A second function for the same app is an error."""
    one = Identify()
    one.set(lambda: None)

    with pytest.raises(AlreadyRegistered, match="once"):
        one.set(lambda: None)


def test_app_that_never_says_knows_nobody(app):
    """In an app without such a function every visitor is anonymous."""
    with app.test_request_context():
        assert identify().ask(present_session()) is None
        assert not identify()
        one = app.extensions[EXTENSION] = Identify()
        assert identify() is one


@pytest.mark.parametrize(
    ("loaded", "channels"), [(flask_login.UserMixin(), ["@user:7"]), (None, [])]
)
def test_user_whom_flask_login_does_not_load_has_no_channel(app, loaded, channels):
    """The app's user loader returns None for a user who was deleted."""
    flask_login.LoginManager(app).user_loader(lambda _: loaded)
    app.extensions[EXTENSION] = Identify()
    app.extensions[EXTENSION].set(flask_login)

    with app.test_request_context():
        session["_user_id"] = "7"
        assert own_channels("7") == channels
        assert own_channels(None) == []


def test_user_has_a_channel_while_nobody_can_be_loaded(app, caplog):
    """The database of the app is away, and a page is shown that needs no user."""

    def load(_):
        raise OSError("The database is away.")

    flask_login.LoginManager(app).user_loader(load)
    app.extensions[EXTENSION] = Identify()
    app.extensions[EXTENSION].set(flask_login)

    with app.test_request_context():
        session["_user_id"] = "7"
        assert own_channels("7") == ["@user:7"]

    assert "could not tell whether it knows the session's user" in caplog.text


def test_user_has_a_channel_where_nobody_loads_users(app):
    """The app has another function that tells users, or no LoginManager so far."""
    with app.test_request_context():
        assert own_channels("7") == ["@user:7"]
        app.extensions[EXTENSION] = Identify()
        app.extensions[EXTENSION].set(flask_login)
        assert own_channels("7") == ["@user:7"]
