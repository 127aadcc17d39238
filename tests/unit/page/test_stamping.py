"""Which pages get a connection id, and which are left alone."""

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
    """A page that holds the script, and so needs its id."""
    return render_template_string("{{ realtime_script() }}" + PAGE)


def show(app, make_response, **options):
    """The answer to a request of a view that returns what *make_response* gives."""
    app.add_url_rule("/shown", "shown", make_response, methods=["GET", "POST"])
    return app.test_client().open("/shown", **options)


def test_page_gets_a_connection_id_on_its_body_tag(app):
    """A rendered page carries an id that its socket can name."""
    response = show(app, lambda: PAGE)

    stamp = STAMP.search(response.text)
    assert response.text == STAMPED.format(stamp[0])
    assert int(response.headers["Content-Length"]) == len(response.data)


def test_page_gets_an_id_of_its_own_each_time(app):
    """Two pages never share an id."""
    app.add_url_rule("/", "index", lambda: PAGE)
    client = app.test_client()

    ids = {STAMP.search(client.get("/").text)[1] for _ in range(20)}

    assert len(ids) == 20


def test_page_gives_the_session_a_socket_key_and_keeps_it(app):
    """All pages of one browser session share one secret."""
    app.add_url_rule("/", "index", lambda: PAGE)
    client = app.test_client()

    keys = []
    for _ in range(2):
        client.get("/")
        with client.session_transaction() as stored:
            keys.append(stored["socket_key"])

    assert keys[0] == keys[1] and len(keys[0]) >= 32


def test_page_is_kept_from_caches(app):
    """A browser never shows an id that is not the one it was just given."""

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
    """A view's no-store outlives the stamp."""
    response = show(app, lambda: (PAGE, {"Cache-Control": "no-store"}))

    assert response.headers["Cache-Control"] == "private, no-cache, no-store"


def test_page_with_conditional_answers_is_never_answered_304(app):
    """A browser has nothing by which it could ask whether a stamped page has changed."""

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
    """A form that comes back with its errors is a page like any."""
    assert STAMP.search(show(app, lambda: (PAGE, status)).text)


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_page_of_an_error_is_left_alone(app, status):
    """An error page keeps its headers, and begins no session for whoever tries addresses."""
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
    """Neither body, headers nor session of such a response change."""
    bare = show(flask.Flask(__name__), LEFT_ALONE[kind])

    response = show(app, LEFT_ALONE[kind])

    assert response.data == bare.data
    assert dict(response.headers) == dict(bare.headers)


def test_response_to_head_is_left_alone(app):
    """A response without a body makes no id and no session."""
    response = show(app, lambda: PAGE, method="HEAD")

    assert "Set-Cookie" not in response.headers
    assert "Cache-Control" not in response.headers


def test_response_that_streams_a_file_is_left_alone(app, tmp_path):
    """A file sent as it is stays as it is."""
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
    """Comments, scripts, titles and attribute values may speak of bodies without being taken."""
    response = show(app, lambda: before + after)

    stamp = STAMP.search(response.text)
    assert stamp and response.text == before + stamp[0] + after


@pytest.mark.parametrize(
    "text",
    ["<!-- <body>", "<script><body></script>", "<body class=x", "<textarea><body>", "<p a='<body>"],
)
def test_page_whose_body_tag_is_none_is_left_alone(app, text):
    """What a browser does not take for a body is not stamped."""
    response = show(app, lambda: text)

    assert response.text == text and "Set-Cookie" not in response.headers


def test_page_in_another_charset_is_stamped_byte_for_byte(app):
    """The page's other bytes stay what they were."""
    page = "<body><p>Größe</p>".encode("latin-1")

    data = show(app, lambda: Response(page, content_type="text/html; charset=latin-1")).data

    assert data.startswith(b"<body data-socket-connection-id=")
    assert data.endswith("<p>Größe</p>".encode("latin-1"))


def test_page_that_was_stamped_by_hand_is_not_stamped_twice(app):
    """A template may write the attribute itself."""
    template = "<body DATA-socket-connection-id={{ realtime_connection_id() }}>"

    response = show(app, lambda: render_template_string(template), headers=HEADER)

    assert response.text == f"<body DATA-socket-connection-id={ID}>"
    assert response.headers["Cache-Control"] == "private, no-cache"


def test_page_is_stamped_before_other_extensions_compress_it(app):
    """An extension that was registered later and encodes pages does not keep them from their id."""

    @app.after_request
    def compress(response):
        response.set_data(gzip.compress(response.get_data()))
        response.headers["Content-Encoding"] = "gzip"
        return response

    assert STAMP.search(gzip.decompress(show(app, lambda: PAGE).data).decode())


def test_page_of_an_earlier_before_request_is_stamped():
    """A page that is answered before our own before_request still gets its id."""
    app = flask.Flask(__name__)
    app.secret_key = "secret"
    app.before_request(lambda: PAGE)
    Page(Config()).init_app(app)

    assert STAMP.search(app.test_client().get("/").text)


def test_pages_are_not_stamped_where_the_app_says_so():
    """STAMP_PAGES False leaves pages alone, and the helper works by hand."""
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
