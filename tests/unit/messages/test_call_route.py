"""A message calls a view of the app."""

from __future__ import annotations

import flask
import pytest
from flask import request

from flask_realtime.config.settings import Config
from flask_realtime.errors import InvalidMessage
from flask_realtime.messages.call_route import call_route

from ..conversations import Browser

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@pytest.fixture
def app():
    app = flask.Flask(__name__)
    app.secret_key = "secret"
    app.add_url_rule("/echo/<path:rest>", "echo", echo, methods=METHODS)
    app.add_url_rule("/echo", "echo_root", echo, methods=METHODS)
    return app


@pytest.fixture
def socket(app):
    return Browser(app).open_socket()


def echo(rest=""):
    return {
        "method": request.method,
        "endpoint": request.endpoint,
        "rest": rest,
        "path": request.path,
        "args": request.args.to_dict(flat=False),
        "form": request.form.to_dict(flat=False),
        "json": request.get_json(silent=True),
        "type": request.content_type,
        "length": request.content_length,
        "headers": {name: value for name, value in request.headers if name.startswith("X-")},
    }


def test_call_gets_a_path_if_no_method_is_named(socket):
    """A call without a method is a GET, with the query of its uri."""
    body = socket.call("/echo/a%20b/%C3%BC?q=1&q=2&r=%26")["body"]

    assert body["method"] == "GET"
    assert body["rest"] == "a b/ü"
    assert body["args"] == {"q": ["1", "2"], "r": ["&"]}


def test_call_understands_a_path_with_text_beyond_ascii(socket):
    """The path may be percent-encoded as by url_for, or plain text."""
    body = socket.call("/echo/ü?q=ä ö")["body"]

    assert (body["rest"], body["args"]) == ("ü", {"q": ["ä ö"]})


def test_call_understands_what_url_for_writes(app, socket):
    """A page passes the result of url_for as uri."""
    with app.test_request_context():
        uri = flask.url_for("echo", rest="x/y?#", q="a&b", _anchor="part")

    body = socket.call(uri)["body"]

    assert (body["rest"], body["args"]) == ("x/y?#", {"q": ["a&b"]})


@pytest.mark.parametrize("method", ["get", "HEAD", "Delete"])
def test_call_puts_input_into_the_query_of_methods_without_a_form(app, socket, method):
    """The input of a GET, HEAD or DELETE becomes its query."""
    seen = []
    app.before_request(lambda: seen.append((request.args.to_dict(False), request.get_data())))

    socket.call("/echo?a=0", method=method, input={"b": "1", "c": ["2", "3"]})

    assert seen == [({"a": ["0"], "b": ["1"], "c": ["2", "3"]}, b"")]


@pytest.mark.parametrize("method", ["post", "PUT", "Patch"])
def test_call_puts_input_into_a_form_otherwise(socket, method):
    """The input of a POST becomes its form; a list repeats the key."""
    body = socket.call("/echo?a=0", method=method, input={"b": "1 ü&=", "c": ["2", "3"]})["body"]

    assert body["args"] == {"a": ["0"]}
    assert body["form"] == {"b": ["1 ü&="], "c": ["2", "3"]}
    assert body["type"] == "application/x-www-form-urlencoded"


def test_call_writes_input_as_javascript_does(socket):
    """Numbers and booleans are written as a browser writes them, and null is left out."""
    given = {"a": 1, "b": 1.5, "c": True, "d": [False, None], "e": None, "f": "", "g": []}

    form = socket.call("/echo", method="post", input=given)["body"]["form"]

    assert form == {"a": ["1"], "b": ["1.5"], "c": ["true"], "d": ["false"], "f": [""]}


def test_call_writes_small_numbers_as_javascript_does(socket):
    """A number that Python writes as 1e-05 is sent as 0.00001, as in a browser's form."""
    numbers = [0.0001, 0.00009, 1.5e-5, -1e-6, 1e-7, 1.25e-10, 5e-324, 0.0]

    form = socket.call("/echo", method="post", input={"n": numbers})["body"]["form"]

    written = ["0.0001", "0.00009", "0.000015", "-0.000001", "1e-7", "1.25e-10", "5e-324", "0.0"]
    assert form == {"n": written}


@pytest.mark.parametrize("value", [{"a": 1}, [1, "ü", None], "text", None, 0])
def test_call_sends_json(socket, value):
    """The json of a call is its body."""
    body = socket.call("/echo", method="post", json=value)["body"]

    assert (body["json"], body["type"]) == (value, "application/json")


def test_call_posts_nothing_where_there_is_nothing(socket):
    """A POST without input has an empty body and a Content-Length of 0."""
    body = socket.call("/echo", method="post")["body"]

    assert (body["form"], body["type"], body["length"]) == ({}, None, 0)


def test_call_sends_headers(app):
    """The view receives the usual headers, and those that the app's setting adds."""
    socket = Browser(app, CALL_HEADERS=["X-Client-Version"]).open_socket()
    headers = {"X-CSRFToken": "token", "x-requested-with": "fetch", "X-Client-Version": "7"}
    headers["Content-Type"] = "application/merge-patch+json"

    body = socket.call("/echo", method="post", json=1, headers=headers)["body"]

    sent = {"X-Client-Version": "7", "X-Csrftoken": "token", "X-Requested-With": "fetch"}
    assert body["headers"] == sent
    assert body["type"] == "application/merge-patch+json"


def test_call_may_say_what_it_accepts(app, socket):
    """A call may set Accept and Accept-Language, as with fetch."""
    app.add_url_rule("/a", "a", lambda: [request.headers["Accept"], *request.accept_languages])

    body = socket.call("/a", headers={"Accept": "text/html", "Accept-Language": "fr"})["body"]

    assert body == ["text/html", ["fr", 1]]


def test_call_replaces_no_header_of_the_handshake(app):
    """The handshake has a header from a proxy. A call cannot replace it, even if the app's setting
    lists it."""
    browser = Browser(app, CALL_HEADERS=["X-Mine"])

    reply = browser.open_socket(HTTP_X_MINE="of the proxy").call("/echo", headers={"X-Mine": "x"})

    assert reply["status"] == 400
    assert "x-mine" in reply["body"]


@pytest.mark.parametrize(
    ("referrer", "expected"),
    [
        ("http://localhost/shop?page=2&q=%C3%BC#cart", "http://localhost/shop?page=2&q=%C3%BC"),
        ("http://LOCALHOST:80/ü", "http://LOCALHOST:80/%C3%BC"),
        ("http://localhost", "http://localhost/"),
        (None, "http://localhost/"),
        ("http://localhost/" + "x" * 5000, "http://localhost/"),
        ("https://localhost/shop", "http://localhost/"),
        ("http://localhost:8080/shop", "http://localhost/"),
        ("http://localhost@evil.example/shop", "http://localhost/"),
        ("http://localhost.evil.example/shop", "http://localhost/"),
        ("//localhost/shop", "http://localhost/"),
        ("/shop", "http://localhost/"),
        ("http://[", "http://localhost/"),
        ("about:srcdoc", "http://localhost/"),
        (" http://localhost/a\r\nX: y", "http://localhost/aX:%20y"),
        ("", "http://localhost/"),
    ],
)
def test_call_tells_the_page_that_asks(app, socket, referrer, expected):
    """request.referrer is the page's address if it has the socket's origin."""
    app.add_url_rule("/who", "who", lambda: request.referrer)

    assert socket.call("/who", referrer=referrer)["body"] == expected


def test_call_keeps_the_order_of_pairs(app, socket):
    """The input may be a list of pairs, whose order and repeated names are kept."""
    app.add_url_rule("/raw", "raw", lambda: request.get_data(), methods=["POST"])
    pairs = [["b", "1"], ["a", 2], ["b", True], ["c", None], ["", ""]]

    assert socket.call("/raw", method="post", input=pairs)["body"] == "b=1&a=2&b=true&="
    assert socket.call("/echo", input=pairs)["body"]["args"]["b"] == ["1", "true"]


@pytest.mark.parametrize("option", ["body", "inputs", "data", "Method", "speaks"])
def test_call_names_an_option_that_it_does_not_know(socket, option):
    """An unknown option is refused by name, since ignoring it would lose what it was to send."""
    reply = socket.call("/echo", method="post", **{option: "x"})

    assert reply["status"] == 400
    assert f'"{option}"' in reply["body"] and "input" in reply["body"]


@pytest.mark.parametrize("uri", ["/\t/[", "/a\nb", "/a\0", "/a?b=\x7f", "/\x1b[2J"])
def test_call_refuses_control_characters_in_its_uri(socket, caplog, uri):
    """A uri with control characters is answered 400, without a traceback."""
    reply = socket.call(uri)

    assert reply["status"] == 400
    assert "control character" in reply["body"]
    assert not caplog.records


def test_call_understands_brackets_in_its_uri(socket):
    """A path with brackets, which after two slashes would be an IPv6 address, is called like any
    other."""
    assert socket.call("/echo/[?a=[]")["body"]["rest"] == "["


@pytest.mark.parametrize(
    "data",
    [
        {"uri": None},
        {"uri": 1},
        {"uri": ""},
        {"uri": "echo"},
        {"uri": "?a=1"},
        {"uri": "http://localhost/echo"},
        {"uri": "//localhost/echo"},
        {"uri": "/\\localhost/echo"},
        {"uri": "javascript:alert(1)"},
        {"uri": "/echo", "method": "fly"},
        {"uri": "/echo", "method": None},
        {"uri": "/echo", "method": ["get"]},
        {"uri": "/echo", "input": "a=1"},
        {"uri": "/echo", "input": ["a"]},
        {"uri": "/echo", "input": [["a"]]},
        {"uri": "/echo", "input": [["a", "b", "c"]]},
        {"uri": "/echo", "input": [[1, "b"]]},
        {"uri": "/echo", "input": [["a", ["b"]]]},
        {"uri": "/echo", "input": [["a", {"b": 1}]]},
        {"uri": "/echo", "referrer": 1},
        {"uri": "/echo", "input": {"a": {"b": 1}}},
        {"uri": "/echo", "input": {"a": [["b"]]}},
        {"uri": "/echo", "input": {"a": 1}, "json": {"a": 1}},
        {"uri": "/echo", "headers": ["X-A"]},
        {"uri": "/echo", "partial": "list"},
    ],
)
def test_call_that_can_not_be_made_is_400_and_says_why(socket, data):
    """A malformed call is answered 400 with the reason, and reaches no view."""
    reply = socket.say("call-route", **data)

    assert reply["status"] == 400
    assert isinstance(reply["body"], str) and reply["body"]


def test_call_with_json_that_is_nested_too_deeply_is_400():
    """A call's JSON is nested as deeply as can be read, and deeper than can be written. It is a
    mistake of the client's, and no failure of the server's."""
    value = []
    for _ in range(100_000):
        value = [value]

    with pytest.raises(InvalidMessage, match=r"json is nested too deeply\."):
        call_route.read({"uri": "/echo", "method": "post", "json": value}, Config())


def test_call_that_lacks_a_form_field_is_400_while_debugging_too(app, socket):
    """A view reads a missing form field. The call is answered 400 in debug mode too, where Flask
    raises the error again."""
    app.config.update(DEBUG=True, TESTING=True)
    app.add_url_rule("/need", "need", lambda: request.form["name"], methods=["POST"])

    assert socket.call("/need", method="post")["status"] == 400
