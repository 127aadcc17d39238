"""Pages whose ids the app writes itself, and which their views subscribe to nothing."""

import gzip
import io
from collections import UserList

import gunicorn.http.wsgi
import pytest
from flask import Response, make_response, send_file
from werkzeug.wsgi import FileWrapper

from ..transport.served import Line, Served


def write(served, id):
    return f'<body data-socket-connection-id="{id}">hi</body>'


def stream(served, id):
    return iter(["<!doctype html>", write(served, id)])


def compress(served, id):
    response = served.app.make_response(gzip.compress(write(served, id).encode()))
    response.headers["Content-Encoding"] = "gzip"
    return response


def pass_through(served, id):
    return Response(map(str.encode, [write(served, id)]), direct_passthrough=True)


def pass_pieces_through(served, id):
    """A body of a known size, which Werkzeug is not to read."""
    pieces = UserList([write(served, id).encode()])
    return Response(pieces, mimetype="text/html", direct_passthrough=True)


def send_from_memory(served, id):
    return send_file(io.BytesIO(write(served, id).encode()), "text/html", max_age=60)


def write_in_utf_16(served, id):
    page = write(served, id).encode("utf-16")
    return Response(page, content_type="text/html; charset=utf-16")


def state_caching(served, id):
    return write(served, id), {"Cache-Control": "public, max-age=60"}


def set_cookie(id):
    response = make_response({"some": "json"})
    response.set_cookie("page", id)
    return response


@pytest.mark.parametrize(
    "answer",
    [
        write,
        stream,
        compress,
        pass_through,
        pass_pieces_through,
        send_from_memory,
        write_in_utf_16,
        state_caching,
    ],
)
@pytest.mark.parametrize("stamps", [True, False])
def test_page_whose_id_is_written_by_hand_opens_its_socket(answer, stamps):
    """A view writes the page's id into it, and leaves it to a message to subscribe the page. The
    socket of its first visitor opens, and no cache keeps the visitor's page."""
    served = Served(REALTIME_STAMP_PAGES=stamps)
    ids = []

    @served.app.get("/by-hand")
    def show():
        ids.append(served.realtime.socket.connection_id)
        return answer(served, ids[0])

    shown = served.client.get("/by-hand")

    with Line() as line:
        line.say_goodbye()
        assert served.handshake(ids[0], line.ours).status_code == 101
    assert shown.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize(
    "answer",
    [{"some": "json"}, "<p>a part</p>", ("<body>no page</body>", 404)],
    ids=["JSON", "part", "error"],
)
def test_answer_without_the_id_that_was_read_begins_no_session(answer):
    """An app notes the id of each request in its log. What holds no id gets no cookie by that."""
    served = Served(REALTIME_STAMP_PAGES="used")
    noted = []
    served.app.before_request(lambda: noted.append(served.realtime.socket.connection_id))
    served.app.add_url_rule("/other", "other", lambda: answer)

    assert "Set-Cookie" not in served.client.get("/other").headers


@pytest.mark.parametrize(
    ("answer", "caching"),
    [
        (lambda _: {"some": "json"}, "public, max-age=60"),
        (lambda _: send_file(__file__), "public, max-age=60"),
        (lambda _: send_file(io.BytesIO(b"a,b"), "text/csv"), "public, max-age=60"),
        (lambda id: send_file(io.BytesIO(id.encode()), "text/csv"), "private, no-cache"),
        (lambda id: {"id": id}, "private, no-cache"),
        (lambda id: iter([id]), "private, no-cache"),
        (lambda id: ("", 302, {"Location": f"/?id={id}"}), "private, no-cache"),
        (set_cookie, "private, no-cache"),
    ],
    ids=["JSON", "file", "memory", "id in memory", "id in JSON", "stream", "redirect", "cookie"],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("wrapper", [FileWrapper, gunicorn.http.wsgi.FileWrapper])
def test_caches_keep_what_does_not_hold_the_id_that_was_read(answer, caching, method, wrapper):
    """An app notes the id of each request in its log, and has caches keep all that it answers. What
    holds no id stays there, as its files and pictures do."""
    served = Served(REALTIME_STAMP_PAGES="used")
    noted = []
    served.app.before_request(lambda: noted.append(served.realtime.socket.connection_id))

    @served.app.after_request
    def keep(response):
        response.headers["Cache-Control"] = "public, max-age=60"
        return response

    served.app.add_url_rule("/other", "other", lambda: answer(noted[-1]))

    environ = {"wsgi.file_wrapper": wrapper}
    with served.client.open("/other", method=method, environ_overrides=environ) as shown:
        assert shown.headers["Cache-Control"] == caching


def test_part_of_a_file_is_left_to_caches():
    """A browser asks for a part of a film. The app has noted the request's id in its log."""
    served, noted = Served(), []
    served.app.before_request(lambda: noted.append(served.realtime.socket.connection_id))
    served.app.add_url_rule("/film", "film", lambda: send_file(__file__, max_age=60))

    with served.client.get("/film", headers={"Range": "bytes=0-9"}) as part:
        assert part.status_code == 206
        assert part.cache_control.public


def test_answer_that_begins_a_session_by_its_subscription_is_kept_from_caches():
    """A view subscribes its page, and takes that back. The visitor's session begins all the same,
    and no cache hands its cookie to others."""
    served = Served()

    @served.app.get("/undecided")
    def show():
        served.realtime.socket.subscribe("room")
        served.realtime.socket.unsubscribe("room")
        return {"read": bool(served.realtime.socket.connection_id)}, {"Cache-Control": "public"}

    shown = served.client.get("/undecided")

    assert "Set-Cookie" in shown.headers
    assert shown.headers["Cache-Control"] == "private, no-cache"
