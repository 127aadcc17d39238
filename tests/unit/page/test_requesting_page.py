"""Which page a request names, and whether the request acts on that page."""

import io

import flask
import pytest
from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from flask_realtime.page.requesting_page import MOST_BODY_BYTES, asking_page, open_page

from .pages import make_app, show

ID = "an-id-of-this-page"
HEADER = {"X-Realtime-Connection-Id": ID}
QUERY = {"query_string": {"socket_connection_id": ID}}
FORM = {"method": "POST", "data": {"socket_connection_id": ID}}
READ = {"data": lambda: request.form, "json": lambda: request.json}
JSON = {"method": "POST", "json": {"socket_connection_id": ID}}


def named(function, mode=None, headers=(), first=lambda: None, **options):
    """Call *first* and then *function* in a request, and return the result of *function*."""
    headers = dict(headers)
    if mode:
        headers["Sec-Fetch-Mode"] = mode
    with flask.Flask(__name__).test_request_context(headers=headers, **options):
        first()
        return function(True)


@pytest.mark.parametrize("options", [{"headers": HEADER}, QUERY, FORM, JSON])
@pytest.mark.parametrize("mode", ["cors", "same-origin", "no-cors"])
def test_script_may_name_its_page_anywhere(mode, options):
    """A script names its page in a header, the query, a form or JSON; a navigation cannot send such
    a request."""
    assert named(open_page, mode, **options) == ID


@pytest.mark.parametrize("options", [{"headers": HEADER}, QUERY, FORM, JSON])
def test_navigation_names_no_page_that_it_could_act_on(options):
    """A navigation that names a page does not act on it; the page only counts for
    include_self=False."""
    assert named(open_page, "navigate", **options) is None
    assert named(asking_page, "navigate", **options) == ID


@pytest.mark.parametrize(("options", "counts"), [(QUERY, False), (FORM, False), (JSON, True)])
def test_browser_that_does_not_say_is_heeded_where_it_must_be_a_script(options, counts):
    """A browser without Sec-Fetch headers names a page. Only our header and JSON count, because any
    site's link or form could hold the rest."""
    assert named(open_page, **options) == (ID if counts else None)
    assert named(open_page, headers=HEADER, **options) == ID


@pytest.mark.parametrize(
    ("said", "counts"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        # A proxy has changed the host that the app sees.
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://proxied.example"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "https://other.example"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "null"}, False),
        ({"Sec-Fetch-Site": "same-site", "Origin": "https://allowed.example"}, True),
        ({"Origin": "http://localhost"}, True),
        ({"Origin": "https://other.example"}, False),
    ],
)
def test_query_names_a_page_where_a_page_of_the_app_asks(said, counts):
    """Any site may show an image, or send a form by a script, whose address names the page of
    somebody who visits it. That page would be subscribed to what its own user may hear. What only
    a script of the app's own origin can send counts as ever."""
    found = []

    def ask(**options):
        headers = {"Sec-Fetch-Mode": "no-cors", **said, **options.pop("headers", {})}
        show(app, lambda: found.append(open_page(True)) or "", headers=headers, **options)

    for options in (QUERY, FORM, {"headers": HEADER}):
        app = make_app(REALTIME_ALLOWED_ORIGINS=["https://allowed.example"])
        ask(**options)

    assert found == [ID if counts else None, ID if counts else None, ID]


@pytest.mark.parametrize("kind", ["data", "json"])
def test_large_body_names_a_page_once_the_view_has_read_it(kind):
    """A large body is not parsed for a page's id before the view has read it, since anybody may
    send one."""
    large = {"socket_connection_id": ID, "text": "x" * MOST_BODY_BYTES}
    options = {"method": "POST", kind: large}

    assert named(open_page, "cors", **options) is None
    assert named(open_page, "cors", first=READ[kind], **options) == ID


@pytest.mark.parametrize(("method", "length"), [("GET", "46"), ("HEAD", "46"), ("POST", "")])
def test_body_that_nobody_expects_is_left_alone(method, length):
    """The body of a GET, or one without a length, is never read for a page's id."""
    body = io.BytesIO(b'{"socket_connection_id": "an-id-of-this-page"}')
    sent = {"CONTENT_LENGTH": length, "wsgi.input_terminated": True, "wsgi.input": body}

    found = named(
        open_page,
        "cors",
        method=method,
        content_type="application/json",
        environ_overrides=sent,
    )

    assert found is None
    assert body.tell() == 0


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded", b"b=2&a=1"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n',
        ),
        ("application/json", b'{"a": "1"}'),
    ],
)
@pytest.mark.parametrize("function", [open_page, asking_page])
def test_view_has_the_bytes_of_a_body_in_which_a_page_was_looked_for(function, kind, body):
    """A view pushes to all pages but the one that asks, and checks a signature of the body then.
    It has every byte of it, by whatever of Flask's ways it reads, and the form as well."""
    options = {"method": "POST", "data": body, "content_type": kind}

    def read():
        function(True)
        return (
            request.get_data(),
            request.stream.read(),
            (request.json if request.is_json else request.form)["a"],
        )

    assert named(lambda _: read(), "cors", **options) == (body, body, "1")


def test_body_that_the_view_is_reading_is_left_to_it():
    """A view reads a body piece by piece. Nobody else takes the rest."""
    options = {
        "method": "POST",
        "data": b"a=1&b=2",
        "content_type": "application/x-www-form-urlencoded",
    }

    def read():
        first = request.stream.read(3)
        asking_page(True)
        return first, request.stream.read()

    assert named(lambda _: read(), "cors", **options) == (b"a=1", b"&b=2")


PART = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n'


@pytest.mark.parametrize(
    ("kind", "body", "error"),
    [
        ("application/json", b"[" * 60_000, RecursionError),
        ("multipart/form-data; boundary=x", PART * 1_100 + b"--x--", RequestEntityTooLarge),
    ],
)
@pytest.mark.parametrize("function", [open_page, asking_page])
def test_body_that_none_can_read_names_no_page(function, kind, body, error):
    """Somebody sends lists within lists, or a form of more fields than Werkzeug takes, to a view
    that subscribes its page, and looks at no body. The view runs. One that does look at the body
    gets the error that it would have had."""
    options = {"method": "POST", "data": body, "content_type": kind}

    def read():
        found = function(True)
        with pytest.raises(error):
            _read = request.json if request.is_json else request.form
        return found, request.get_data()

    assert len(body) <= MOST_BODY_BYTES
    assert named(lambda _: read(), "cors", **options) == (None, body)


def test_body_that_the_app_does_not_take_names_no_page():
    """An app takes bodies of ten bytes. A view that reads none runs whatever is sent."""
    app = flask.Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 10
    with app.test_request_context(**JSON):
        assert asking_page(True) is None
        with pytest.raises(RequestEntityTooLarge):
            request.get_data()
