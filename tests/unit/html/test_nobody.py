"""What is rendered for all pages holds nothing of the visitor whose request causes it."""

import flask_login
import pytest
from flask import Flask, current_app, flash, g, get_flashed_messages, request, session, url_for
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from flask_wtf.csrf import generate_csrf

from flask_realtime.errors import WrittenByNobody
from flask_realtime.html.nobody import as_nobody


class Person(flask_login.UserMixin):
    """A visitor who is logged in."""

    id = "7"


@pytest.fixture
def app():
    app = Flask(__name__)
    app.secret_key = "secret"
    login = flask_login.LoginManager(app)
    login.user_loader(lambda number: Person())
    CSRFProtect(app)
    app.add_url_rule("/rooms/<room>", "room", lambda room: "")
    return app


@pytest.fixture
def visit(app):
    """The request of a visitor with a session, cookies, languages and a query."""
    headers = {"Cookie": "secret=1", "Accept-Language": "de", "Authorization": "Basic YTpi"}
    with app.test_request_context("/rooms/1?token=x", base_url="https://a.test/", headers=headers):
        session["user_id"] = 7
        flask_login.login_user(Person())
        g.user = "Ada"
        flash("Saved.")
        yield


def test_nobody_has_nothing_of_the_visitor(app, visit):
    """Inside, the session, cookies, query, languages, authorization, g, flashed messages and user
    of the visitor are not visible."""
    with as_nobody(app, "This"):
        seen = {
            "session": dict(session),
            "cookies": dict(request.cookies),
            "query": dict(request.args),
            "languages": list(request.accept_languages),
            "authorization": request.authorization,
            "user": g.get("user"),
            "flashes": get_flashed_messages(),
            "is_known": flask_login.current_user.is_authenticated,
        }

    assert seen == {
        "session": {},
        "cookies": {},
        "query": {},
        "languages": [],
        "authorization": None,
        "user": None,
        "flashes": [],
        "is_known": False,
    }


def test_visitor_is_back_afterwards(app, visit):
    """After the block, also one that fails, the view has its own request, session, g and user
    again."""
    before = request._get_current_object()

    with pytest.raises(ZeroDivisionError), as_nobody(app, "This"):
        g.user = "Eve"
        raise ZeroDivisionError

    assert request._get_current_object() is before
    assert g.user == "Ada"
    assert session["user_id"] == 7
    assert flask_login.current_user.id == "7"
    assert get_flashed_messages() == ["Saved."]


@pytest.mark.parametrize("write", [lambda: session.update(a=1), lambda: flash("x"), generate_csrf])
def test_nobody_writes_no_session(app, visit, write):
    """Writing the session inside, as csrf_token() and flash() do, is an error that names the
    template."""
    told = pytest.raises(WrittenByNobody, match=r"The template 'row\.html'")
    with told, as_nobody(app, "The template 'row.html'"):
        write()


def test_nobody_asks_for_the_same_path_on_the_same_host(app, visit):
    """Relative and absolute URLs are built as on the page that asks."""
    with as_nobody(app, "This"):
        assert request.url == "https://a.test/rooms/1"
        assert request.view_args == {"room": "1"}
        assert request.method == "GET"
        assert url_for("room", room=2, _external=True) == "https://a.test/rooms/2"


def test_server_name_is_the_host(app, visit):
    """If SERVER_NAME is set, URLs have that host, and not one that a visitor's request has
    named."""
    app.config["SERVER_NAME"] = "example.org"

    with as_nobody(app, "This"):
        assert url_for("room", room=2, _external=True) == "https://example.org/rooms/2"


def test_app_context_is_enough(app):
    """A command without a request can build paths, and absolute URLs if SERVER_NAME is set."""
    with app.app_context(), as_nobody(app, "This"):
        assert url_for("room", room=2) == "/rooms/2"
        with pytest.raises(RuntimeError, match="SERVER_NAME"):
            url_for("room", room=2, _external=True)
        assert dict(session) == {}

    app.config["SERVER_NAME"] = "example.org"
    with app.app_context(), as_nobody(app, "This"):
        assert url_for("room", room=2, _external=True) == "http://example.org/rooms/2"


def test_path_values_are_preprocessed_again(app):
    """An app's url_value_preprocessor takes the language out of the path, and finds it in the new g
    as well."""
    app.add_url_rule("/<language>/about", "about", lambda: "")

    @app.url_value_preprocessor
    def take_out(endpoint, values):
        g.language = (values or {}).pop("language", None)

    @app.url_defaults
    def put_in(endpoint, values):
        if current_app.url_map.is_endpoint_expecting(endpoint, "language"):
            values.setdefault("language", g.language)

    with app.test_request_context("/fr/about"), as_nobody(app, "This"):
        assert g.language == "fr"
        assert url_for("about") == "/fr/about"


def test_nothing_is_torn_down_and_uncommitted_rows_stay(app):
    """No teardown runs, so the view continues in its database transaction."""
    torn_down = []
    app.teardown_request(torn_down.append)
    app.teardown_appcontext(torn_down.append)
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    db = SQLAlchemy(app)

    class Row(db.Model):
        id = db.Column(db.Integer, primary_key=True)

    with app.test_request_context("/"):
        db.create_all()
        db.session.add(Row(id=1))
        db.session.flush()
        with as_nobody(app, "This"):
            assert db.session.get(Row, 1) is not None
        assert torn_down == []
        assert db.session.get(Row, 1) in db.session
        db.session.rollback()
        db.engine.dispose()


def test_an_unknown_path_has_no_route_and_no_error(app):
    """A 404 handler pushes a fragment: its request has no route, which is not an error."""
    with app.test_request_context("/nowhere"), as_nobody(app, "This"):
        assert request.url_rule is None
        assert url_for("room", room=2) == "/rooms/2"
