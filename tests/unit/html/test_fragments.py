"""Fragments: rendered once, as nobody, with nothing but what is passed."""

import flask_login
import pytest
from flask import Flask, g, get_flashed_messages, session
from jinja2 import DictLoader
from markupsafe import Markup

from flask_realtime.html.fragments import Fragment, content, render
from flask_realtime.html.nobody import WrittenByNobody

TEMPLATES = {
    "row.html": "<li>{{ text }}</li>",
    "secrets.html": "{{ current_user.id }}|{{ session.user }}|{{ g.user }}"
    "|{{ get_flashed_messages() }}|{{ shown.id }}",
    "form.html": "{{ csrf_token() }}",
    "page.html": "{% set n = 3 %}<ul>{% block rows %}<li>{{ n }}</li>{% endblock %}</ul>",
    "child.html": "{% extends 'page.html' %}{% block rows %}{{ super() }}<li>{{ text }}</li>"
    "{% endblock %}",
    "macros.html": "{% macro card(n) %}<i>{{ n }}</i>{% endmacro %}",
    "import.html": "<h1></h1>{% from 'macros.html' import card %}"
    "{% block rows %}{{ card(n) }}{% endblock %}",
    "set.html": "<h1></h1>{% set total = n + 1 %}{% block rows %}{{ total }}{% endblock %}"
    "{% set total = 0 %}",
    "nested.html": "{% extends 'outer.html' %}{% set text = 'of the child' %}",
    "outer.html": "<h1>{{ title }}</h1>{% set n = 7 %}{% block form %}{{ csrf_token() }}"
    "{% block rows %}{{ n }} {{ text }}{% endblock %}{% endblock %}",
    "around.html": "{% set n = 7 %}<h1>{{ room.name.upper() }}</h1>"
    "{% block rows %}{{ n }}{% endblock %}",
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
    """What a template reads by itself is nobody's; what is passed to it is what it was."""
    app.jinja_env.globals["get_flashed_messages"] = get_flashed_messages
    with app.test_request_context("/"):
        flask_login.login_user(Ada())
        session["user"] = g.user = "ada"

        html = render("secrets.html", None, {"shown": flask_login.current_user})

    assert html == "|||[]|ada"


def test_template_that_writes_the_session_is_named(app):
    """A token of nobody's session would be refused to everybody who posts the form."""
    from flask_wtf import CSRFProtect

    CSRFProtect(app)
    with app.test_request_context("/"), pytest.raises(WrittenByNobody, match=r"'form\.html'"):
        render("form.html", None, {})


@pytest.mark.parametrize("template", ["page.html", "child.html"])
def test_one_block_of_a_template(app, template):
    """A block is rendered alone, with what it inherits."""
    with app.test_request_context("/"):
        html = render(template, "rows", {"text": "<b>", "n": 5})

    assert html.replace("<li>&lt;b&gt;</li>", "").startswith("<li>")
    assert "<ul>" not in html
    assert ("&lt;b&gt;" in html) == (template == "child.html")


@pytest.mark.parametrize(
    ("template", "expected"),
    [("import.html", "<i>1</i>"), ("set.html", "2"), ("nested.html", "7 of the child")],
)
def test_block_sees_what_the_template_sets_in_front_of_it(app, template, expected):
    """Behind the template's first output, too, and in a parent's."""
    with app.test_request_context("/"):
        assert render(template, "rows", {"n": 1}) == expected


def test_block_needs_nothing_of_what_stands_around_it(app):
    """What a fragment is not given is missed by what it does not show."""
    with app.test_request_context("/"):
        assert render("around.html", "rows", {}) == "7"


def test_unknown_block_is_told(app):
    """The error lists the blocks that there are."""
    with app.test_request_context("/"), pytest.raises(LookupError, match="there are: rows"):
        render("page.html", "row", {})


def test_literal_content_is_escaped_unless_it_is_markup(app):
    """A text that a visitor wrote does no harm."""
    assert content(None, None, "<b>", {}) == "&lt;b&gt;"
    assert content(None, None, Markup("<b>"), {}) == "<b>"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ((None, None, None, {}), "name of a template"),
        (("row.html", None, "<b>", {}), "html= is the whole content"),
        ((None, None, "<b>", {"text": "x"}), "html= is the whole content"),
        ((Markup("<li>"), None, "<b>", {}), "html= is the whole content"),
        (("<li>x</li>", None, None, {}), "literal content is given as html="),
        ((Markup("<li>x</li>"), None, None, {}), "literal content is given as html="),
        ((None, None, "x", {"morph": True}), "morph= goes with replace and update alone"),
    ],
)
def test_content_is_a_template_or_literal(app, given, told):
    """What is given twice, or not at all, is an error that says what to do."""
    with app.test_request_context("/"), pytest.raises(TypeError, match=told):
        content(*given)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("swap", "#a", "x"), "is no change"),
        (("append", "", "x"), "CSS selector"),
        (("append", None, "x"), "CSS selector"),
        (("append", "#a", "x", True), "morph=True goes with replace and update"),
    ],
)
def test_fragment_that_makes_no_sense_is_refused(given, told):
    """At the push, not in every browser."""
    with pytest.raises(ValueError, match=told):
        Fragment(*given)


def test_fragment_on_the_wire():
    """A client gets what it needs and nothing more."""
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
