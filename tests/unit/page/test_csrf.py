"""Views that check the origin themselves are exempt from Flask-WTF's CSRF protection."""

from flask import Flask
from flask_wtf import CSRFProtect

from flask_realtime.page.csrf import exempt_from_csrf


def view():
    """Answer with a text."""
    return "answered"


def make_app():
    """Return an app with a view at ``/``, to which one can post."""
    app = Flask(__name__)
    app.secret_key = "a secret of the tests"
    app.post("/")(view)
    return app


def test_exempt_view_needs_no_token():
    """Other views are still refused without a token."""
    app = make_app()
    CSRFProtect(app)
    app.post("/other")(lambda: "answered")

    exempt_from_csrf(app, view)

    client = app.test_client()
    assert client.post("/").text == "answered"
    assert client.post("/other").status_code == 400


def test_app_without_csrf_protection_needs_no_exemption():
    """Without Flask-WTF there is nothing to do."""
    app = make_app()

    exempt_from_csrf(app, view)

    assert app.test_client().post("/").text == "answered"
