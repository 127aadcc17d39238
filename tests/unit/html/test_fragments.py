"""Fragments are rendered once for all pages, without a visitor, from the passed variables only."""

import flask_login
import pytest
from flask import Flask, g, get_flashed_messages, session
from jinja2 import DictLoader, TemplateNotFound
from markupsafe import Markup

from flask_realtime.errors import WrittenByNobody
from flask_realtime.html.fragments import Fragment, content, render

TEMPLATES = {
    "row.html": "<li>{{ text }}</li>",
    "secrets.html": "{{ current_user.id }}|{{ session.user }}|{{ g.user }}"
    "|{{ get_flashed_messages() }}|{{ shown.id }}",
    "form.html": "{{ csrf_token() }}",
}


class Ada(flask_login.UserMixin):
    """A visitor who is logged in."""

    id = "ada"


@pytest.fixture
def app():
    app = Flask(__name__)
    app.secret_key = "secret"
    app.jinja_loader = DictLoader(TEMPLATES)
    flask_login.LoginManager(app).user_loader(lambda number: Ada())
    return app


def test_template_holds_nothing_of_the_visitor(app):
    """A template reads current_user and the session itself and finds an anonymous visitor; a passed
    current_user is rendered as the user it stood for."""
    app.jinja_env.globals["get_flashed_messages"] = get_flashed_messages
    with app.test_request_context("/"):
        flask_login.login_user(Ada())
        session["user"] = g.user = "ada"

        html = render("secrets.html", None, {"shown": flask_login.current_user})

    assert html == "|||[]|ada"


def test_template_that_writes_the_session_is_named(app):
    """A template calls csrf_token(), which writes the session. The error names the template, since
    the token would be refused for every visitor."""
    from flask_wtf import CSRFProtect

    CSRFProtect(app)
    with app.test_request_context("/"), pytest.raises(WrittenByNobody, match=r"'form\.html'"):
        render("form.html", None, {})


def test_literal_content_is_escaped_unless_it_is_markup(app):
    """A text with HTML in it is escaped; a Markup is not."""
    assert content(None, None, "<b>", {}) == "&lt;b&gt;"
    assert content(None, None, Markup("<b>"), {}) == "<b>"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ((None, None, None, {}), "name of a template"),
        (("row.html", None, "<b>", {}), "html= is the whole content"),
        ((None, None, "<b>", {"text": "x"}), "html= is the whole content"),
        ((Markup("<li>"), None, "<b>", {}), "html= is the whole content"),
        (("<li>x</li>", None, None, {}), "Pass literal content as html="),
        ((Markup("<li>x</li>"), None, None, {}), "Pass literal content as html="),
        ((None, None, b"<b>", {}), "decode bytes"),
        ((None, None, ["<b>"], {}), "have a template show what a list"),
        ((None, None, "x", {"morph": True}), "morph= goes with replace and update alone"),
    ],
)
def test_content_is_a_template_or_literal(app, given, told):
    """Content that is given twice, not at all, or as no text, is an error that says what to do."""
    with app.test_request_context("/"), pytest.raises(TypeError, match=told):
        content(*given)


def test_text_in_place_of_a_template_is_an_error_that_names_both(app):
    """A developer passes the text itself where the name of a template is expected."""
    with app.test_request_context("/"), pytest.raises(TemplateNotFound) as raised:
        content("hello", None, None, {})

    assert "There is no template 'hello'" in str(raised.value)
    assert "pass literal content as html=" in str(raised.value)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("swap", "#a", "x"), "has no action"),
        (("append", "", "x"), "CSS selector"),
        (("append", None, "x"), "CSS selector"),
        (("append", "#a", "x", True), "morph=True goes with replace and update"),
    ],
)
def test_fragment_that_makes_no_sense_is_refused(given, told):
    """An invalid action or target is an error at the push, not in every browser."""
    with pytest.raises(ValueError, match=told):
        Fragment(*given)


def test_fragment_on_the_wire():
    """A fragment is sent with the fields that the client needs and no others."""
    assert Fragment("append", "#a", "<b>").to_wire() == {
        "action": "append",
        "target": "#a",
        "html": "<b>",
    }
    assert Fragment("remove", "#a").to_wire() == {"action": "remove", "target": "#a"}
    assert Fragment("reload").to_wire() == {"action": "reload"}
    assert Fragment("update", "#a", "", True).to_wire() == {
        "action": "update",
        "target": "#a",
        "html": "",
        "morph": True,
    }
