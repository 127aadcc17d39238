"""An app whose page has blocks."""

import pytest
from flask import Flask, abort, redirect, render_template, stream_template
from jinja2 import DictLoader

from flask_realtime import Realtime

PAGE = (
    "<body><ul>{% block rows %}{% for row in rows %}<li>{{ row }}{% endfor %}{% endblock %}</ul>"
    "{% block n %}{{ rows|length }}{% endblock %}"
    "{% if is_admin %}{% block admin %}secret{% endblock %}{% endif %}"
    "{% for row in rows %}<b>{% block row scoped %}{{ row }}{% endblock %}</b>{% endfor %}"
    "{{ self.n() }}"
)


@pytest.fixture
def rows():
    return ["a"]


@pytest.fixture
def app(rows):
    app = Flask(__name__)
    app.secret_key = "secret"
    app.testing = True
    app.jinja_loader = DictLoader({"page.html": PAGE})
    app.realtime = Realtime(app)
    app.asked = []

    @app.route("/", methods=["GET", "POST"])
    def index():
        app.asked.append(app.realtime.blocks)
        return render_template("page.html", rows=rows)

    app.add_url_rule("/streamed", "streamed", lambda: stream_template("page.html", rows=rows))
    app.add_url_rule("/json", "json", lambda: {"a": 1})
    app.add_url_rule("/no", "no", lambda: abort(403))
    app.add_url_rule("/old", "old", lambda: redirect("/"))
    return app


@pytest.fixture
def client(app):
    return app.test_client()
