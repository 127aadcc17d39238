"""One block of a template, rendered without the rest of the template."""

import pytest
from flask import Flask
from jinja2 import DictLoader

from flask_realtime.html.fragment_block import render_block

TEMPLATES = {
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


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def render(request):
    """Render a block of a template in a sync or an async environment."""
    app = Flask(__name__)
    app.jinja_options = {"enable_async": request.param}
    app.jinja_loader = DictLoader(TEMPLATES)
    return lambda name, block, variables: render_block(
        app.jinja_env.get_template(name), block, variables
    )


@pytest.mark.parametrize("template", ["page.html", "child.html"])
def test_one_block_of_a_template(render, template):
    """A block is rendered alone, with what it inherits from parents."""
    html = render(template, "rows", {"text": "<b>", "n": 5})

    assert html.replace("<li>&lt;b&gt;</li>", "").startswith("<li>")
    assert "<ul>" not in html
    assert ("&lt;b&gt;" in html) == (template == "child.html")


@pytest.mark.parametrize(
    ("template", "expected"),
    [("import.html", "<i>1</i>"), ("set.html", "2"), ("nested.html", "7 of the child")],
)
def test_block_sees_what_the_template_sets_in_front_of_it(render, template, expected):
    """The block sees variables that are set before it, also after the template's first output, and
    in a parent."""
    assert render(template, "rows", {"n": 1}) == expected


def test_block_needs_nothing_of_what_stands_around_it(render):
    """The template uses a variable outside of the block which is not passed. The block is rendered
    all the same."""
    assert render("around.html", "rows", {}) == "7"


def test_unknown_block_is_an_error(render):
    """A name that is not a block of the template is an error that lists the template's blocks."""
    with pytest.raises(LookupError, match="its blocks are: rows"):
        render("page.html", "row", {})
