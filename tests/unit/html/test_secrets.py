"""A fragment holds nothing of the visitor whose request pushes it, whatever its template does."""

from types import SimpleNamespace

import flask_login
import pytest
from flask import Blueprint, Flask, after_this_request, flash, g, request, session, signals, url_for
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect, FlaskForm
from jinja2 import DictLoader
from markupsafe import Markup
from sqlalchemy.orm import joinedload
from wtforms.csrf.session import SessionCSRF

from flask_realtime.errors import HoldsToken, WrittenByNobody
from flask_realtime.html.fragments import content, render

SECRET = "ada-1815"
#: Everything of the visitor that Flask, Flask-Login and the app offer to every template.
READS = (
    "{{ session.user }}{{ session.get('user') }}{{ session.items()|list }}{{ g.user }}"
    "{{ g.get('user') }}{{ current_user and [current_user.id, current_user.get_id()] }}"
    "{{ get_flashed_messages()|join }}"
    "{{ get_flashed_messages(with_categories=true)|tojson }}{{ request.cookies.items()|list }}"
    "{{ request.args.token }}{{ request.form.token }}{{ request.values.token }}"
    "{{ request.headers }}{{ request.authorization }}{{ request.accept_languages }}"
    "{{ request.remote_addr }}{{ request.user_agent }}{{ request.full_path }}{{ request.url }}"
    "{{ request.get_data(as_text=true) }}{{ request.environ }}{{ request.remote_user }}"
    "{{ request.access_route }}{{ request.referrer }}{{ request.user }}"
)
TEMPLATES = {
    "plain.html": READS,
    "macro.html": "{% macro row() %}" + READS + "{% endmacro %}{{ row() }}",
    "caller.html": "{% macro row() %}{{ caller() }}{% endmacro %}{% call row() %}"
    + READS
    + "{% endcall %}",
    "library.html": "{% macro row() %}" + READS + "{% endmacro %}",
    "import.html": "{% import 'library.html' as library %}{{ library.row() }}",
    "import_with.html": "{% import 'library.html' as library with context %}{{ library.row() }}",
    "from_with.html": "{% from 'library.html' import row with context %}{{ row() }}",
    "include.html": "{% include 'plain.html' %}{% include 'plain.html' without context %}",
    "base.html": "<p>{% block body %}{% endblock %}</p>",
    "extends.html": "{% extends 'base.html' %}{% block body %}" + READS + "{% endblock %}",
    "loop.html": "{% for one in [1, 2] %}"
    + READS
    + "{% endfor %}{% set text %}"
    + READS
    + "{% endset %}{{ text }}{% filter upper %}"
    + READS
    + "{% endfilter %}",
    "filters.html": "{{ 'x'|signed }}{{ 'x' is hers }}{{ whoever() }}{{ greeting }}{{ lazily }}",
    "processors.html": "{{ from_app }}{{ from_blueprint }}{{ from_lambda() }}",
    "links.html": "{{ url_for('room', room=1) }}{{ url_for('rooms.show') }}"
    "{{ url_for('.show', _external=true) }}",
    "passed.html": "{{ user.id }}{{ ask() }}{% for one in people %}{{ one.id }}{% endfor %}",
    "form.html": "{{ form.hidden_tag() }}",
    "field.html": "{{ token() }}",
    "rows.html": "{% for row in rows %}{{ row.owner.name }}{% endfor %}",
}
each_template = pytest.mark.parametrize(
    "template",
    [
        name
        for name in TEMPLATES
        if name
        not in ("library.html", "base.html", "passed.html", "form.html", "field.html", "rows.html")
    ],
)


class Ada(flask_login.UserMixin):
    """The user who is logged in."""

    id = SECRET


def of_her():
    """Values that the app's own functions find out about the visitor."""
    texts = [session.get("user"), g.get("user"), request.cookies.get("user")]
    return "".join(text or "" for text in [*texts, getattr(flask_login.current_user, "id", "")])


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def app(request):
    app = Flask(__name__)
    app.secret_key = "secret"
    app.jinja_options = {"enable_async": request.param}
    app.jinja_loader = DictLoader(TEMPLATES)
    flask_login.LoginManager(app).user_loader(lambda number: Ada())
    CSRFProtect(app)
    app.add_url_rule("/rooms/<room>", "room", lambda room: "")
    app.add_template_filter(lambda text: text + of_her(), "signed")
    app.add_template_test(lambda text: of_her(), "hers")
    app.add_template_global(of_her, "whoever")
    app.jinja_env.globals["greeting"] = SimpleNamespace(__html__=lambda: Markup(of_her()))
    app.jinja_env.globals["lazily"] = flask_login.current_user
    app.context_processor(lambda: {"from_app": of_her(), "from_lambda": lambda: of_her()})
    rooms = Blueprint("rooms", __name__)
    rooms.add_url_rule("/<language>/rooms", "show", lambda language: "")
    rooms.context_processor(lambda: {"from_blueprint": of_her()})

    @app.url_defaults
    def of_session(endpoint, values):
        if app.url_map.is_endpoint_expecting(endpoint, "language"):
            values.setdefault("language", session.get("user", "en"))

    app.register_blueprint(rooms)
    return app


@pytest.fixture
def visit(app):
    """Ada's request, each part of which is a secret."""
    headers = {
        "Cookie": f"user={SECRET}",
        "Accept-Language": SECRET,
        "User-Agent": SECRET,
        "X-Forwarded-For": SECRET,
        "Referer": f"http://localhost/{SECRET}",
        "Authorization": f"Bearer {SECRET}",
    }
    with app.test_request_context(
        f"/en/rooms?token={SECRET}",
        method="POST",
        data={"token": SECRET},
        headers=headers,
        environ_base={"REMOTE_ADDR": SECRET, "REMOTE_USER": SECRET},
    ):
        session["user"] = g.user = request.user = SECRET
        flask_login.login_user(Ada())
        flash(SECRET)
        yield


@each_template
def test_no_template_finds_out_who_asks(app, visit, template):
    """A template uses every way of Jinja and Flask to read the visitor's data, and finds none."""
    assert SECRET not in render(template, None, {}).lower()


@pytest.mark.parametrize("template", ["extends.html", "base.html"])
def test_no_block_of_a_template_does(app, visit, template):
    """A block that is rendered alone finds none of the data either, also with async templates."""
    assert SECRET not in render(template, "body", {})


def test_what_is_passed_counts_as_what_it_is_now(app, visit):
    """A passed proxy is rendered as the object it stands for at the push, and reads nothing of the
    visitor later."""
    user = flask_login.current_user

    html = render("passed.html", None, {"user": user, "ask": of_her, "people": [user]})

    assert html == SECRET + SECRET


def test_context_processor_that_needs_the_visitor_is_an_error_that_names_the_template(app, visit):
    """A context processor fails without a visitor. Its error gets a note that names the fragment's
    template."""
    app.context_processor(lambda: {"name": g.user.upper()})

    with pytest.raises(AttributeError) as caught:
        render("plain.html", None, {})

    assert "'plain.html'" in caught.value.__notes__[-1]


def make_form(**meta):
    class Form(FlaskForm):
        Meta = type("Meta", (FlaskForm.Meta,), meta)

    return Form()


@pytest.mark.parametrize(
    "make",
    [
        make_form,
        lambda: make_form(csrf_field_name="token"),
        lambda: make_form(csrf_secret="another"),
        lambda: make_form(
            csrf_class=SessionCSRF,
            csrf_secret=b"x" * 16,
            csrf_context=session,
            csrf_time_limit=None,
        ),
    ],
    ids=["usual", "another name", "another secret", "of WTForms"],
)
@pytest.mark.parametrize("way", ["form", "field"])
def test_token_of_any_form_is_refused(app, visit, make, way):
    """A form's CSRF token in a fragment is an error, since others could act in the visitor's name
    by it."""
    form = make()
    token = form[form.meta.csrf_field_name]

    with pytest.raises((HoldsToken, WrittenByNobody), match=rf"'{way}\.html'"):
        content(f"{way}.html", None, None, {"form": form, "token": token})


def test_form_that_a_template_makes_is_refused(app, visit):
    """A template that creates a form with a CSRF token is an error, since nobody could send that
    form."""
    app.add_template_global(make_form, "make_form")
    app.jinja_loader.mapping["made.html"] = "{{ make_form().hidden_tag() }}"

    with pytest.raises(WrittenByNobody, match=r"'made\.html'"):
        render("made.html", None, {})


def test_view_goes_on_as_before(app, visit):
    """After the push, the view's uncommitted rows are still there; nothing was torn down, no signal
    was sent, and functions for the end of the response are still registered."""
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    db = SQLAlchemy(app)

    class Person(db.Model):
        id = db.Column(db.Integer, primary_key=True)
        name = db.Column(db.String)

    class Row(db.Model):
        id = db.Column(db.Integer, primary_key=True)
        owner_id = db.Column(db.ForeignKey(Person.id))
        owner = db.relationship(Person)

    told = []

    def note(*_args, **_extra):
        told.append("signal")

    app.teardown_request(lambda error: told.append("torn down"))
    app.teardown_appcontext(lambda error: told.append("torn down"))
    names = [name for name in dir(signals) if name[0] != "_"]
    sent = [one for name in names if hasattr(one := getattr(signals, name), "connect")]
    db.create_all()
    db.session.add(Row(id=1, owner=Person(name="Eve")))
    db.session.flush()
    db.session.expire_all()
    after_this_request(lambda response: response)
    before = (dict(session), g.user, request._get_current_object())
    for signal in sent:
        signal.connect(note)

    html = render("rows.html", None, {"rows": db.session.query(Row).options(joinedload("*"))})
    lazy = render("rows.html", None, {"rows": [db.session.get(Row, 1)]})

    assert html == lazy == "Eve"
    assert told == []
    assert db.session.get(Row, 1) in db.session
    assert (dict(session), g.user, request._get_current_object()) == before
    assert flask_login.current_user.id == SECRET
    assert url_for("rooms.show") == f"/{SECRET}/rooms"
    db.session.rollback()
    assert db.session.get(Row, 1) is None
    db.session.remove()
    for signal in sent:
        signal.disconnect(note)
    db.engine.dispose()
