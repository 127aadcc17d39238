"""Pages whose ids the app writes itself, and which their views subscribe to nothing."""

import gzip
import io

import pytest
from flask import send_file

from ..transport.served import Line, Served


def write(served, id):
    return f'<body data-socket-connection-id="{id}">hi</body>'


def stream(served, id):
    return iter(["<!doctype html>", write(served, id)])


def compress(served, id):
    response = served.app.make_response(gzip.compress(write(served, id).encode()))
    response.headers["Content-Encoding"] = "gzip"
    return response


def state_caching(served, id):
    return write(served, id), {"Cache-Control": "public, max-age=60"}


@pytest.mark.parametrize("answer", [write, stream, compress, state_caching])
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
        (lambda id: {"id": id}, "private, no-cache"),
        (lambda id: iter([id]), "private, no-cache"),
    ],
    ids=["JSON", "file", "file in memory", "JSON with the id", "streamed"],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_caches_keep_what_does_not_hold_the_id_that_was_read(answer, caching, method):
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

    with served.client.open("/other", method=method) as shown:
        assert shown.headers["Cache-Control"] == caching
