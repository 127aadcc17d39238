"""Which pages get a connection id, and which stay unchanged."""

from __future__ import annotations

import gzip
import re

import flask
import pytest
from flask import Response, render_template_string, request

from flask_realtime.config.settings import Config
from flask_realtime.identity.keys import is_connection_id
from flask_realtime.page.page import Page

ID = "an-id-of-this-page"
HEADER = {"X-Realtime-Connection-Id": ID}
PAGE = "<!doctype html><title>x</title><body class=x><p>hi</p></body>"
STAMPED = "<!doctype html><title>x</title><body{} class=x><p>hi</p></body>"
STAMP = re.compile(r' data-socket-connection-id="([A-Za-z0-9_-]{16,128})"')


def make_app(**settings):
    app = flask.Flask(__name__)
    app.config.update(TESTING=True, SECRET_KEY="secret", **settings)
    Page(Config.from_mapping(app.config)).init_app(app)
    return app


CACHING = {
    "CDN-Cache-Control",
    "ETag",
    "Expires",
    "Last-Modified",
    "Surrogate-Control",
    "X-Accel-Expires",
}


@pytest.fixture
def app():
    return make_app()


def realtime_page():
    """A page with realtime_script(), which needs an id."""
    return render_template_string("{{ realtime_script() }}" + PAGE)


def show(app, make_response, **options):
    """The answer to a request of a view that returns what *make_response* gives."""
    app.add_url_rule("/shown", "shown", make_response, methods=["GET", "POST"])
    return app.test_client().open("/shown", **options)


def test_page_gets_a_connection_id_on_its_body_tag(app):
    """A rendered page has an id in its <body> tag, by which its socket names it."""
    response = show(app, lambda: PAGE)

    stamp = STAMP.search(response.text)
    assert response.text == STAMPED.format(stamp[0])
    assert int(response.headers["Content-Length"]) == len(response.data)


def test_page_gets_an_id_of_its_own_each_time(app):
    """Two pages never have the same id."""
    app.add_url_rule("/", "index", lambda: PAGE)
    client = app.test_client()

    ids = {STAMP.search(client.get("/").text)[1] for _ in range(20)}

    assert len(ids) == 20


def test_page_gives_the_session_a_socket_key_and_keeps_it(app):
    """All pages of one browser session share one socket key."""
    app.add_url_rule("/", "index", lambda: PAGE)
    client = app.test_client()

    keys = []
    for _ in range(2):
        client.get("/")
        with client.session_transaction() as stored:
            keys.append(stored["socket_key"])

    assert keys[0] == keys[1] and len(keys[0]) >= 32


def test_page_is_kept_from_caches(app):
    """No cache keeps the page, so that a browser never shows an old id."""

    def view():
        response = Response(realtime_page(), mimetype="text/html")
        response.add_etag()
        response.last_modified = 0
        response.cache_control.max_age = 60
        response.expires = 2**31
        response.headers["CDN-Cache-Control"] = "max-age=60"
        response.headers["Surrogate-Control"] = "max-age=60"
        response.headers["X-Accel-Expires"] = "60"
        return response

    response = show(app, view)

    assert STAMP.search(response.text)
    assert not CACHING.intersection(response.headers.keys())
    assert response.headers["Cache-Control"] == "private, no-cache"
    assert response.headers["Vary"] == "Cookie"


def test_page_that_must_not_be_stored_stays_so(app):
    """A view has set no-store, which stays."""
    response = show(app, lambda: (PAGE, {"Cache-Control": "no-store"}))

    assert response.headers["Cache-Control"] == "private, no-cache, no-store"


def test_page_with_conditional_answers_is_never_answered_304(app):
    """A stamped page has no ETag or Last-Modified by which a browser could ask whether it has
    changed."""

    def view():
        response = Response(realtime_page(), mimetype="text/html")
        response.add_etag()
        return response.make_conditional(request)

    app.add_url_rule("/", "index", view)
    client = app.test_client()

    first = client.get("/")
    second = client.get("/", headers={"If-None-Match": first.headers.get("ETag", "")})

    assert second.status_code == 200
    assert STAMP.search(first.text)[1] != STAMP.search(second.text)[1]


@pytest.mark.parametrize("status", [200, 201, 422])
def test_page_that_answers_is_stamped(app, status):
    """A form that is shown again with its errors (422) is stamped like any page."""
    assert STAMP.search(show(app, lambda: (PAGE, status)).text)


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_page_of_an_error_is_left_alone(app, status):
    """An error page keeps its headers, and starts no session for visitors who try addresses."""
    app.register_error_handler(status, lambda error: (PAGE, status, {"ETag": '"x"'}))

    response = show(app, lambda: flask.abort(status))

    assert response.text == PAGE and response.headers["ETag"] == '"x"'
    assert "Set-Cookie" not in response.headers


LEFT_ALONE = {
    "utf-16 that holds the bytes of a tag": lambda: Response(
        "\u623c\u646f\u2079\u3e3e".encode("utf-16-le"), content_type="text/html; charset=utf-16le"
    ),
    "json": lambda: {"html": PAGE},
    "plain text": lambda: Response(PAGE, mimetype="text/plain"),
    "streamed": lambda: Response((part for part in [PAGE]), mimetype="text/html"),
    "encoded": lambda: Response(
        gzip.compress(PAGE.encode(), mtime=0), headers={"Content-Encoding": "gzip"}
    ),
    "public": lambda: (PAGE, {"Cache-Control": "public, max-age=60", "ETag": '"x"'}),
    "partial": lambda: (PAGE, 206),
    "no content": lambda: ("", 204),
    "not modified": lambda: ("", 304, {"ETag": '"x"'}),
    "fragment": lambda: "<tbody><tr><td>the body</td></tr></tbody><bodyguard>",
    "empty": lambda: "",
    "utf-16": lambda: Response(PAGE.encode("utf-16"), content_type="text/html; charset=utf-16"),
}


@pytest.mark.parametrize("kind", LEFT_ALONE)
def test_response_that_is_no_whole_private_page_is_left_alone(app, kind):
    """Body, headers and session of such a response stay unchanged."""
    bare = show(flask.Flask(__name__), LEFT_ALONE[kind])

    response = show(app, LEFT_ALONE[kind])

    assert response.data == bare.data
    assert dict(response.headers) == dict(bare.headers)


def test_response_to_head_begins_no_session(app):
    """A response to HEAD gets no id and starts no session."""
    response = show(app, lambda: PAGE, method="HEAD")

    assert "Set-Cookie" not in response.headers


def test_response_that_streams_a_file_is_left_alone(app, tmp_path):
    """A file that is streamed is sent unchanged."""
    path = tmp_path / "page.html"
    path.write_text(PAGE)

    with show(app, lambda: flask.send_file(path)) as response:
        assert response.text == PAGE and "ETag" in response.headers


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<BODY", ">"),
        ("<body", "\nclass=x>"),
        ("<body", "/>"),
        ("<!-- <body> --><body", ">"),
        ("<!--> <body", "> -->"),
        ("<script>'<body>'</script><body", ">"),
        ("<SCRIPT type='a>b'>let x = '</p><body >'</Script ><body", ">"),
        ("<style>/* <body> */</style><body", ">"),
        ("<title><body></title><textarea><body></textarea><body", ">"),
        ("<noscript><body></noscript><template><body></template><body", ">"),
        ("<html data-x='<body >' data-y=\"<body>\"><body", ">"),
        ("<meta content=it's><body", " title='x'>"),
        ("<meta content='a > b'><body", ">"),
        ("<p>1 < 2 </p><body", "><body>"),
        ("<body", " title=' data-socket-connection-id=1'>"),
        ("<body", " data-socket-connection-ids=1>"),
        ("ä \xff <body", ">"),
    ],
)
def test_page_is_stamped_on_the_body_tag_that_a_browser_sees(app, before, after):
    """Texts like <body> in comments, scripts, titles and attribute values are skipped."""
    response = show(app, lambda: before + after)

    stamp = STAMP.search(response.text)
    assert stamp and response.text == before + stamp[0] + after


@pytest.mark.parametrize(
    "text",
    ["<!-- <body>", "<script><body></script>", "<body class=x", "<textarea><body>", "<p a='<body>"],
)
def test_page_whose_body_tag_is_none_is_left_alone(app, text):
    """A text that a browser does not read as a body tag gets no id."""
    response = show(app, lambda: text)

    assert response.text == text and "Set-Cookie" not in response.headers


def test_page_in_another_charset_is_stamped_byte_for_byte(app):
    """All other bytes of the page stay unchanged."""
    page = "<body><p>Größe</p>".encode("latin-1")

    data = show(app, lambda: Response(page, content_type="text/html; charset=latin-1")).data

    assert data.startswith(b"<body data-socket-connection-id=")
    assert data.endswith("<p>Größe</p>".encode("latin-1"))


def test_page_that_was_stamped_by_hand_is_not_stamped_twice(app):
    """A template has written the attribute itself. It is not added again."""
    template = "<body DATA-socket-connection-id={{ realtime_connection_id() }}>"

    response = show(app, lambda: render_template_string(template), headers=HEADER)

    assert response.text == f"<body DATA-socket-connection-id={ID}>"
    assert response.headers["Cache-Control"] == "private, no-cache"


def test_page_is_stamped_before_other_extensions_compress_it(app):
    """An extension that was registered later compresses pages. They get their id before that."""

    @app.after_request
    def compress(response):
        response.set_data(gzip.compress(response.get_data()))
        response.headers["Content-Encoding"] = "gzip"
        return response

    assert STAMP.search(gzip.decompress(show(app, lambda: PAGE).data).decode())


def test_page_of_an_earlier_before_request_is_stamped():
    """A before_request function that runs before the extension's own returns a page. The page gets
    its id."""
    app = flask.Flask(__name__)
    app.secret_key = "secret"
    app.before_request(lambda: PAGE)
    Page(Config()).init_app(app)

    assert STAMP.search(app.test_client().get("/").text)


def test_pages_are_not_stamped_where_the_app_says_so():
    """With REALTIME_STAMP_PAGES False pages stay unchanged, and the template helper gives the
    id."""
    app = make_app(REALTIME_STAMP_PAGES=False)
    app.add_url_rule("/plain", "plain", lambda: PAGE)
    app.add_url_rule(
        "/hand", "hand", lambda: render_template_string("<body id={{ realtime_connection_id() }}>")
    )

    plain = app.test_client().get("/plain")
    by_hand = app.test_client().get("/hand")

    assert plain.text == PAGE and "Cache-Control" not in plain.headers
    assert is_connection_id(by_hand.text[len("<body id=") : -1])
    assert by_hand.headers["Cache-Control"] == "private, no-cache"
