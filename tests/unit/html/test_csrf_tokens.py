"""CSRF tokens in HTML that goes to all pages."""

import pytest
from flask import Flask, render_template_string
from flask_wtf import CSRFProtect, FlaskForm
from flask_wtf.csrf import generate_csrf
from jinja2 import DictLoader
from markupsafe import Markup
from wtforms import StringField

from flask_realtime.errors import HoldsToken
from flask_realtime.html.fragments import content

ROW = "<li>{{ text }}</li>"
EDITABLE = "<li>{{ form.hidden_tag() }}</li>"


class Form(FlaskForm):
    text = StringField()


@pytest.fixture(params=["csrf_token", "_token"])
def app(request):
    app = Flask(__name__)
    app.config.update(SECRET_KEY="a secret of the tests", WTF_CSRF_FIELD_NAME=request.param)
    app.jinja_loader = DictLoader({"row.html": ROW, "editable.html": EDITABLE})
    CSRFProtect(app)
    return app


@pytest.fixture
def visit(app):
    with app.test_request_context():
        yield


def test_form_that_is_passed_to_a_template_is_an_error(visit):
    """A form passed to a fragment's template holds its visitor's CSRF token. The error names the
    template and the form."""
    with pytest.raises(HoldsToken, match=r"'editable\.html' holds the CSRF token"):
        content("editable.html", None, None, {"form": Form()})


def test_content_that_was_rendered_for_a_visitor_is_an_error(visit):
    """A view pushes HTML that it has rendered for its visitor, with the visitor's CSRF token. That
    is an error."""
    shown = Markup(render_template_string("<form>{{ csrf_token() }}</form>"))

    with pytest.raises(HoldsToken, match="html= holds"):
        content(None, None, shown, {})


def test_content_without_the_token_goes_out(visit):
    """Content without a token is sent, although the page that asks has a token."""
    assert generate_csrf()
    assert content("row.html", None, None, {"text": "hi"}) == "<li>hi</li>"
    assert content(None, None, Markup("<b>hi</b>"), {}) == "<b>hi</b>"


def test_app_context_is_enough(app):
    """A command or a task has no visitor, and so no token to look for."""
    with app.app_context():
        assert content("row.html", None, None, {"text": "hi"}) == "<li>hi</li>"


def test_literal_content_needs_no_app():
    """Without an app there is no visitor whose token the content could hold."""
    assert content(None, None, "hi", {}) == "hi"
