"""The reply to a message, made from the app's response."""

from __future__ import annotations

import io
import json
import threading

import flask
import pytest
from flask import Flask, Response, send_file, session
from werkzeug.test import create_environ

from flask_realtime.messages import large_replies
from flask_realtime.messages.large_replies import LargeReplies, ReplyTurn
from flask_realtime.messages.replies import REACHED, read_body, reply_of
from flask_realtime.protocol.positions import Position

from ...eventually import DEADLINE
from ..conversations import Browser


def reply_to(response, environ):
    """Return the reply for *response*, with a limit of 1000 bytes."""
    turn = ReplyTurn(LargeReplies(), "session")
    return reply_of("7", response, environ, read_body(response, environ, 1000, turn), turn)


def answer(browser, handler):
    """The reply of a socket whose only handler is *handler*."""
    return browser.open_socket({"do": handler}).say("do")


@pytest.mark.parametrize(
    ("make", "body", "encoding"),
    [
        (lambda: Response(b"\x89PNG\r\n", mimetype="image/png"), "iVBORw0K", "base64"),
        (lambda: Response("ü", mimetype="text/html"), "ü", None),
        (lambda: Response("ü".encode("latin-1"), mimetype="text/plain"), "/A==", "base64"),
        (
            lambda: Response("ü".encode("latin-1"), content_type="text/plain; charset=latin-1"),
            "ü",
            None,
        ),
        (lambda: Response("<a/>", mimetype="image/svg+xml"), "<a/>", None),
        (lambda: Response('{"a": 1}', mimetype="application/problem+json"), {"a": 1}, None),
        (lambda: Response("NaN", mimetype="application/json"), "NaN", None),
        (lambda: Response('{"a": ', mimetype="application/json"), '{"a": ', None),
        (lambda: Response(b"[1]\n", mimetype="application/json"), [1], None),
        (
            lambda: Response(
                b"\x1f\x8b", mimetype="text/html", headers={"Content-Encoding": "gzip"}
            ),
            "H4s=",
            "base64",
        ),
    ],
)
def test_reply_carries_text_and_json_as_they_are_and_else_base64(browser, make, body, encoding):
    """Text and JSON are sent as such, and any other body in base64."""
    reply = answer(browser, lambda message: make())

    assert reply["body"] == body
    assert reply.get("encoding") == encoding


def test_reply_never_carries_set_cookie(browser):
    """A reply has no Set-Cookie, which page scripts could not read by HTTP either."""

    def handler(message):
        session["a"] = 1
        response = Response("")
        response.set_cookie("theme", "dark")
        return response

    reply = answer(browser, handler)

    assert "set-cookie" not in {name.lower() for name in reply["headers"]}
    assert "dark" not in json.dumps(reply)


def test_reply_joins_headers_that_come_twice(browser):
    """Values of a repeated header are joined, since a JSON object has each name once."""

    def handler(message):
        response = Response("")
        response.headers.add("Link", "<a>")
        response.headers.add("Link", "<b>")
        return response

    assert answer(browser, handler)["headers"]["Link"] == "<a>, <b>"


def test_reply_to_a_stream_is_502_and_the_stream_is_closed(browser):
    """A stream without a known end cannot be one message. A handler has no address by which a page
    could fetch it: the reply says what to do instead."""
    closed = threading.Event()

    def forever():
        try:
            while True:
                yield "x"
        finally:
            closed.set()

    def handler(message):
        stream = forever()
        next(stream)
        return Response(stream)

    reply = answer(browser, handler)

    assert reply["status"] == 502
    assert "This handler's answer is streamed: have a view answer so" in reply["body"]
    assert closed.is_set()


def test_reply_larger_than_allowed_is_502(app):
    """A body of more bytes than REALTIME_MAX_REPLY_BYTES is answered 502."""
    browser = Browser(app, MAX_REPLY_BYTES=10)

    assert answer(browser, lambda message: "x" * 10)["body"] == "x" * 10
    reply = answer(browser, lambda message: "x" * 11)
    assert reply["status"] == 502
    assert "This handler's answer is larger than 10 bytes" in reply["body"]


def test_reply_carries_a_small_file_and_closes_it(app):
    """send_file works over a socket for a small file."""
    browser = Browser(app, MAX_REPLY_BYTES=10)
    files = [io.BytesIO(b"x" * 10), io.BytesIO(b"x" * 11)]
    left = iter(files)

    def handler(message):
        return flask.send_file(next(left), mimetype="text/plain")

    socket = browser.open_socket({"do": handler})
    replies = [socket.say("do") for _ in files]

    assert [reply["status"] for reply in replies] == [200, 502]
    assert all(file.closed for file in files)


def test_reply_closes_its_response(browser):
    """Functions of call_on_close run."""
    closed = []

    def handler(message):
        response = Response("x")
        response.call_on_close(lambda: closed.append(True))
        return response

    answer(browser, handler)

    assert closed == [True]


def test_reply_says_that_its_body_is_not_for_the_page(browser):
    """The reply has the headers by which the client recognises an upload, which it must not
    insert."""
    headers = {
        "Content-Disposition": "attachment; filename=x.html",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Content-Type": "text/html",
    }

    reply = answer(browser, lambda data: ("<b>", 200, headers))

    assert {name: reply["headers"][name] for name in headers} == headers


def test_header_that_is_repeated_in_other_letters_is_one(browser):
    """A view and a function of the app each add a policy, and spell the header in their own ways.
    The reply has both in one header: the client looks at one."""

    def handler(message):
        response = Response("<b>", mimetype="text/html")
        response.headers.add("Content-Security-Policy", "img-src *")
        response.headers.add("content-security-policy", "sandbox")
        return response

    headers = answer(browser, handler)["headers"]

    assert headers["Content-Security-Policy"] == "img-src *, sandbox"
    assert "content-security-policy" not in headers


@pytest.mark.parametrize("name", ["X-Sendfile", "X-Accel-Redirect", "X-Lighttpd-Send-File"])
def test_file_that_the_proxy_would_send_is_fetched_by_http(name):
    """A response leaves its file to the proxy (X-Sendfile). The page is told to fetch it by HTTP,
    and does not see the file's path."""
    response = Response("", headers={name: "/srv/private/report.pdf"})

    reply = reply_to(response, {**create_environ(), REACHED: {}})

    assert reply.status == 502
    assert "fetch this by HTTP" in reply.to_json()
    assert "private" not in reply.to_json()


@pytest.mark.parametrize("name", ["X-Sendfile", "x-accel-redirect", "X-Lighttpd-Send-File"])
@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
def test_path_of_a_file_is_in_no_reply_without_a_body(name, method, status):
    """A page asks for the headers of such a response alone. It does not see the file's path."""
    response = Response("", status, headers={name: "/srv/private/report.pdf", "ETag": "a"})

    reply = reply_to(response, create_environ(method=method))

    assert (reply.status, reply.headers["ETag"]) == (status, "a")
    assert "private" not in reply.to_json()


def test_file_of_an_app_that_has_its_proxy_send_files(tmp_path):
    """``send_file`` sets X-Sendfile itself where the app's configuration says so."""
    app = Flask(__name__)
    app.config["USE_X_SENDFILE"] = True
    (tmp_path / "report.txt").write_text("secret")
    with app.test_request_context() as context:
        response = send_file(tmp_path / "report.txt")

        reply = reply_to(response, context.request.environ)

    assert reply.status == 502
    assert str(tmp_path) not in reply.to_json()


@pytest.mark.parametrize("where", ["body", "end", "registry"])
def test_large_reply_whose_app_takes_long_holds_up_no_other(browser, monkeypatch, where):
    """An app is slow to make a large body, or to close it, or Redis is slow to take its cookies.
    Other replies do not wait for that."""
    monkeypatch.setattr(large_replies, "ENCODING_BYTES", 1)
    replies, has_begun, gate = LargeReplies(), threading.Event(), threading.Event()

    def wait():
        has_begun.set()
        gate.wait(DEADLINE)

    def make():
        yield b"x" * 100_000
        if where == "body":
            wait()

    def slow(data):
        session["seen"] = True
        response = Response(make(), headers={"Content-Length": "100000"}, mimetype="text/plain")
        if where == "end":
            response.call_on_close(wait)
        return response

    if where == "registry":
        deposit = browser.registry.deposit
        monkeypatch.setattr(browser.registry, "deposit", lambda *args: (wait(), deposit(*args))[1])
    one = browser.open_socket({"do": slow})
    other = browser.open_socket({"do": lambda data: "y" * 100_000})
    one.large_replies = other.large_replies = replies
    said = []
    thread = threading.Thread(target=lambda: said.append(one.say("do")))
    thread.start()
    has_begun.wait(DEADLINE)

    reply = other.say("do")

    assert (reply["status"], said) == (200, [])
    gate.set()
    thread.join(DEADLINE)
    assert (said[0]["body"], bool(said[0]["session"])) == ("x" * 100_000, True)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Response("gone", 404),
        lambda: Response(status=304),
        lambda: flask.redirect("/login"),
        lambda: 1 / 0,
    ],
)
def test_error_says_nothing_of_what_an_endpoint_makes_else(browser, make):
    """A small error body does not make an endpoint of large pages count as small."""
    socket = browser.open_socket({"do": lambda data: make()})
    socket.large_replies.note("realtime.message.do", 1_000_000)
    before = dict(socket.large_replies._expected)

    socket.say("do")

    assert socket.large_replies._expected == before


@pytest.mark.parametrize("mimetype", ["text/html", "application/json"])
def test_reply_of_html_says_what_its_page_had_got_before_the_view_began(mimetype):
    """A page that shows the reply knows by it which pushes the view may have missed. JSON is shown
    by nobody."""
    reached = {"room:1": Position("e", 7, "t")}
    environ = {**create_environ(), REACHED: reached}

    reply = reply_to(Response("[]", mimetype=mimetype), environ)

    assert reply.positions == (reached if mimetype == "text/html" else {})
