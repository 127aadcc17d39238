"""The script tag of a page, and the scripts that it names."""

from __future__ import annotations

import gzip
import html
import re

import pytest
from flask import redirect, render_template_string, request
from markupsafe import Markup

from flask_realtime.config.settings import Config
from flask_realtime.errors import NoContext
from flask_realtime.page.client_scripts import client_script
from flask_realtime.page.page import Page

from .pages import make_app, show


@pytest.fixture
def app():
    return make_app()


def test_script_tag_carries_path_prefix_and_nonce():
    """The tag names the socket's path and the app's prefix, and has the nonce of a
    Content-Security-Policy."""
    app = make_app(REALTIME_PATH="/live")

    text = show(
        app,
        lambda: render_template_string("{{ realtime_script(nonce='n\"1') }}"),
        environ_overrides={"SCRIPT_NAME": "/shop"},
    ).text

    version = client_script().version
    assert text == (
        f'<script defer src="/shop/_realtime/static/realtime.js?v={version}" '
        'data-path="/live" data-prefix="/shop" nonce="n&#34;1"></script>'
    )


def test_script_tag_has_one_for_developers_before_it_in_debug_mode(app):
    """In debug mode the tag of the debug script comes before the client's, with the same nonce, and
    its address works."""
    app.debug = True
    with app.test_request_context():
        tags = Page(Config()).script(nonce="n1")
    source = re.match('<script src="([^"]*)" nonce="n1"></script><script defer src=', tags)[1]

    response = app.test_client().get(html.unescape(source))

    assert response.text == client_script("realtime-debug.js").plain.decode()


def test_script_tag_says_how_its_page_came(app):
    """The tag of a page that answers a POST says so; the tag of any other page has no such
    attribute."""
    app.add_url_rule("/", "index", lambda: render_template_string("{{ realtime_script() }}"))
    app.add_url_rule("/", "posted", app.view_functions["index"], methods=["POST"])

    assert 'data-method="POST"' in app.test_client().post("/").text
    assert "data-method" not in app.test_client().get("/").text


def test_script_tag_is_markup_without_a_nonce_by_default(app):
    """Without an argument the tag has no nonce, and a template that escapes inserts it
    unchanged."""
    with app.test_request_context():
        tag = Page(Config()).script()

    assert isinstance(tag, Markup)
    assert 'data-path="/"' in tag and 'data-prefix=""' in tag and "nonce" not in tag


@pytest.fixture
def source(app):
    """Return the address of the script in the tag."""
    with app.test_request_context():
        return html.unescape(re.search('src="([^"]*)"', Page(Config()).script())[1])


def test_script_tag_names_a_script_that_is_kept_for_good(app, source):
    """The address in the tag leads to JavaScript, which a browser may keep for ever."""
    response = app.test_client().get(source)

    assert response.mimetype == "text/javascript"
    assert response.text == client_script().plain.decode()
    assert response.headers["Cache-Control"] == "private, max-age=31536000, immutable"


def test_script_of_forms_is_beside_it_and_nothing_else(app, source):
    """The script for forms has an address of the same version; the client's sources are not
    served."""
    client = app.test_client()
    response = client.get(source.replace("realtime.js", "realtime-forms.js"))

    assert response.text == client_script("realtime-forms.js").plain.decode()
    assert response.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert client.get(source.replace("realtime.js", "client.js")).status_code == 404


def test_script_is_compressed_for_browsers(app, source):
    """The script is sent compressed, whether or not the app compresses its responses."""
    response = app.test_client().get(source, headers={"Accept-Encoding": "gzip, br"})

    assert response.headers["Content-Encoding"] == "gzip"
    assert response.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(response.data) == client_script().plain


@pytest.mark.parametrize("query", ["", "?v=another"])
def test_script_of_another_version_is_not_kept(app, query):
    """A page that another version has rendered asks for its script. It gets the present one, which
    the browser must not keep."""
    client = app.test_client()
    response = client.get(f"/_realtime/static/realtime.js{query}")
    again = client.get(
        f"/_realtime/static/realtime.js{query}", headers={"If-None-Match": response.headers["ETag"]}
    )

    assert response.headers["Cache-Control"] == "private, no-cache"
    assert again.status_code == 304


@pytest.mark.parametrize("path", ["missing.js", "../page.py", "%2e%2e/page.py", ""])
def test_static_path_gives_nothing_else(app, path):
    """Only the client's own files are served."""
    assert app.test_client().get(f"/_realtime/static/{path}").status_code == 404


@pytest.mark.parametrize("name", ["realtime_script", "realtime_connection_id"])
def test_template_helpers_outside_of_a_request_say_what_is_missing(app, name):
    """Without a request the prefix and the page are unknown, and the helpers raise a clear
    error."""
    with app.app_context(), pytest.raises(NoContext, match="request"):
        app.jinja_env.from_string("{{ " + name + "() }}").render()


@pytest.mark.parametrize("name", ["realtime_script", "realtime_connection_id"])
@pytest.mark.parametrize("shown", ["{{ %s }}", "{{ %s|safe }}", "{{ 'x' ~ %s }}"])
def test_helper_without_parentheses_is_an_error(name, shown):
    """The page would show the name of a function, and open no socket."""
    app = make_app()

    with pytest.raises(TypeError, match=rf"write {{{{ {name}\(\) }}}}"):
        show(app, lambda: render_template_string(shown % name))


@pytest.fixture
def walled(app):
    """Return the function of an app that leads strangers to its log-in page."""
    open_to_all = {"log_in"}
    app.add_url_rule("/log-in", "log_in", lambda: "<body>")

    @app.before_request
    def lead_to_log_in():
        return None if request.endpoint in open_to_all else redirect("/log-in", 302)

    return open_to_all


def test_script_that_the_app_keeps_back_is_a_warning_with_its_endpoint(app, walled, caplog):
    """An app leads strangers to its log-in page, and the client's script with them: the browser
    gets HTML in its place, and says nothing but that a '<' is unexpected. The log says once what to
    let through."""
    client = app.test_client()
    for _ in range(2):
        client.get("/_realtime/static/realtime.js")

    [record] = [one for one in caplog.records if one.levelname == "WARNING"]
    assert "'realtime.static', by 302" in record.getMessage()
    assert "'realtime.socket'" in record.getMessage()


def test_script_that_the_app_lets_through_is_no_warning(app, walled, caplog):
    """The app lets the script through, and browsers ask again whether it has changed."""
    walled.add("realtime.static")
    client = app.test_client()
    etag = client.get("/_realtime/static/realtime.js").headers["ETag"]
    again = client.get("/_realtime/static/realtime.js", headers={"If-None-Match": etag})

    assert again.status_code == 304
    assert caplog.records == []
