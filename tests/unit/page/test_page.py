"""Ids and script tags of pages, and the pages that get neither."""

from __future__ import annotations

import logging
import re

import pytest
from flask import Response, render_template_string, request, session

from flask_realtime.errors import InvalidSetting
from flask_realtime.identity.keys import digest, is_connection_id, session_digest
from flask_realtime.page.client import current_client, session_names

from .pages import make_app, show

ID = "an-id-of-this-page"
BY_SCRIPT = {"Sec-Fetch-Mode": "cors"}
HEADER = {"X-Realtime-Connection-Id": ID}
PAGE = "<!doctype html><title>x</title><body class=x><p>hi</p></body>"
STAMPED = "<!doctype html><title>x</title><body{} class=x><p>hi</p></body>"
STAMP = re.compile(r' data-socket-connection-id="([A-Za-z0-9_-]{16,128})"')


def current_connection_id():
    return current_client().connection_id()


@pytest.fixture
def app():
    return make_app()


@pytest.mark.parametrize(
    "options",
    [
        {"headers": HEADER},
        {"headers": {**HEADER, **BY_SCRIPT}},
        {"headers": BY_SCRIPT, "query_string": {"socket_connection_id": ID}},
        {"headers": BY_SCRIPT, "method": "POST", "data": {"socket_connection_id": ID}},
        {
            "headers": BY_SCRIPT,
            "method": "POST",
            "data": {"socket_connection_id": ID},
            "content_type": "multipart/form-data",
        },
        {"method": "POST", "json": {"socket_connection_id": ID}},
    ],
    ids=["header", "script", "query", "form", "multipart", "json"],
)
def test_request_acts_on_the_page_that_it_names(app, options):
    """A page's later request acts on that page's client, and renders pages with the same id."""

    def view():
        return f"<body>{current_connection_id()}</body>"

    response = show(app, view, **options)

    assert response.text == f'<body data-socket-connection-id="{ID}">{ID}</body>'


@pytest.mark.parametrize(
    "options",
    [
        {"query_string": {"socket_connection_id": ID}},
        {"method": "POST", "data": {"socket_connection_id": ID}},
    ],
    ids=["query", "form"],
)
@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Mode": "navigate"}, HEADER])
def test_navigation_leads_to_a_page_of_its_own(app, options, headers):
    """A link or form that carries another page's id leads to a page with a new id, also in a
    browser that sends no Sec-Fetch headers: anybody could write such a link."""
    if headers is HEADER:
        headers = {"Sec-Fetch-Mode": "navigate", **HEADER}

    response = show(app, current_connection_id, headers=headers, **options)

    assert is_connection_id(response.text) and response.text != ID


def test_request_that_names_two_ids_acts_on_the_header(app):
    """A request names different ids in several places. The documented order decides."""
    response = show(
        app, current_connection_id, headers=HEADER, query_string={"socket_connection_id": "x" * 20}
    )

    assert response.text == ID


@pytest.mark.parametrize("garbage", ["short", "<script>alert(1)</script>", "x" * 129, "a b" * 9])
@pytest.mark.parametrize("place", ["headers", "query_string", "data", "json"])
def test_request_that_names_garbage_acts_on_a_new_id(app, caplog, place, garbage):
    """A malformed id is ignored, and never reaches a page."""
    caplog.set_level(logging.DEBUG, "flask_realtime.page.requesting_page")
    name = "X-Realtime-Connection-Id" if place == "headers" else "socket_connection_id"
    options = {"headers": BY_SCRIPT, place: {name: garbage}}

    response = show(app, current_connection_id, method="POST", **options)

    assert is_connection_id(response.text) and response.text != garbage
    assert "malformed connection id" in caplog.text


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"null", b'{"socket_connection_id": 7}'])
def test_request_with_json_that_names_no_id_acts_on_a_new_one(app, body):
    """A body of broken JSON, or JSON that is not an object, names no page, and is left to the
    view."""
    response = show(
        app, current_connection_id, method="POST", data=body, content_type="application/json"
    )

    assert response.status_code == 200 and is_connection_id(response.text)


def test_request_with_broken_json_is_still_refused_where_the_view_reads_it(app):
    """The extension has read a broken body first. The view still gets the error that it would get
    without the extension."""

    def view():
        current_connection_id()
        return request.get_json()

    response = show(app, view, method="POST", data=b"{", content_type="application/json")

    assert response.status_code == 400


def test_request_keeps_its_id_to_its_end(app):
    """All calls within one request return the same id."""

    def view():
        return {"ids": [current_connection_id(), current_connection_id()]}

    first, second = show(app, view).json["ids"]

    assert first == second


def test_page_does_not_read_a_form_that_its_view_left_alone(app):
    """A view does not read its upload, and stamping the page does not read it either."""
    seen = []

    @app.teardown_request
    def look(error):
        seen.append(request.stream.read())

    response = show(
        app, lambda: PAGE, method="POST", headers=BY_SCRIPT, data={"socket_connection_id": ID}
    )

    assert STAMP.search(response.text)[1] != ID
    assert seen == [f"socket_connection_id={ID}".encode()]


@pytest.mark.parametrize("place", ["data", "json"])
def test_page_has_the_id_of_a_form_that_its_view_has_read(app, place):
    """A page that answers a form keeps the id that the form named."""

    def view():
        assert request.form or request.json
        return PAGE

    response = show(
        app, view, method="POST", headers=BY_SCRIPT, **{place: {"socket_connection_id": ID}}
    )

    assert STAMP.search(response.text)[1] == ID


def test_digest_is_that_of_session_and_page(app):
    """The digest is computed from the secret key, the session's socket key and the page's id."""

    def view():
        return {
            "key": session["socket_key"],
            "digest": current_client().digest(),
            "session": session_names(),
        }

    client = app.test_client()
    with client.session_transaction() as stored:
        stored["socket_key"] = "a key"
    app.add_url_rule("/shown", "shown", view)
    seen = client.get("/shown", headers=HEADER).json

    assert seen["digest"] == digest("secret", "a key", ID)
    assert seen["session"] == [session_digest("secret", "a key")]


def test_digest_replaces_a_socket_key_that_is_none(app):
    """A session whose socket key was overwritten with something invalid gets a new one."""

    def view():
        session["socket_key"] = 7
        current_client().keep_socket_key()
        return {"key": session["socket_key"]}

    assert isinstance(show(app, view).json["key"], str)


def test_page_without_a_secret_key_says_what_to_set(app):
    """An app without SECRET_KEY gets an error at its first page."""
    app.secret_key = None
    app.add_url_rule("/", "index", lambda: PAGE)

    with pytest.raises(InvalidSetting, match=r"SECRET_KEY is not set.*app\.secret_key"):
        app.test_client().get("/")


@pytest.mark.parametrize("mimetype", ["text/html", "application/json"])
def test_response_that_holds_the_id_is_kept_from_caches(app, mimetype):
    """A response into which a template has written the id is not cached, since it belongs to one
    page."""

    def view():
        text = render_template_string("{{ realtime_connection_id() }}")
        return Response(text, mimetype=mimetype, headers={"Cache-Control": "public", "ETag": '"x"'})

    response = show(app, view, headers=HEADER)

    assert response.text == ID
    assert response.headers["Cache-Control"] == "private, no-cache"
    assert "ETag" not in response.headers
    assert "session=" in response.headers["Set-Cookie"]


def test_pages_get_nothing_where_the_extension_is_off():
    """With REALTIME_ENABLED False the template helpers are empty, pages stay unchanged, and no
    secret key is needed."""
    app = make_app(REALTIME_ENABLED=False)
    app.secret_key = None

    response = show(
        app,
        lambda: render_template_string(
            "<body>[{{ realtime_script() }}{{ realtime_connection_id() }}]"
        ),
    )

    assert response.text == "<body>[]"
    assert "Set-Cookie" not in response.headers and "Cache-Control" not in response.headers
