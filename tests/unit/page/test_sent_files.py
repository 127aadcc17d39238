"""What is known of the file in an answer."""

import io
from collections import UserList

import gunicorn.http.wsgi
import pytest
from flask import Flask, Response, send_file
from werkzeug.wsgi import FileWrapper

from flask_realtime import Realtime
from flask_realtime.page.sent_files import bytes_in_memory, is_sent_file, is_streamed


def answer(what, wrapper=FileWrapper, **headers):
    """The response of a view that sends *what*, under a server with this file wrapper."""
    environ = {"wsgi.file_wrapper": wrapper}
    with Flask(__name__).test_request_context(environ_overrides=environ, headers=headers):
        return send_file(what, "text/plain", conditional=True)


@pytest.mark.parametrize("wrapper", [FileWrapper, gunicorn.http.wsgi.FileWrapper])
def test_file_in_memory_is_read(wrapper):
    """What a view sends from memory is known, whichever server wraps it."""
    response = answer(io.BytesIO(b"a,b"), wrapper)

    assert is_sent_file(response)
    assert bytes_in_memory(response) == b"a,b"


@pytest.mark.parametrize("wrapper", [FileWrapper, gunicorn.http.wsgi.FileWrapper])
def test_file_on_the_disk_is_not_read(wrapper):
    """A file on the disk is told from a stream, and left where it is."""
    with answer(__file__, wrapper) as response:
        assert is_sent_file(response)
        assert bytes_in_memory(response) is None


def test_part_of_a_file_is_one():
    """Werkzeug hides the file of which a part is sent."""
    with answer(__file__, range="bytes=0-9") as response:
        assert is_sent_file(response)
        assert bytes_in_memory(response) is None


def test_stream_that_is_passed_through_is_no_file():
    """A view may have its own stream passed through."""
    assert not is_sent_file(Response(iter([b"text"]), direct_passthrough=True))


@pytest.mark.parametrize(
    ("body", "passes", "streams"),
    [
        (["text"], False, False),
        ([b"text"], True, False),
        (UserList([b"text"]), False, False),
        (UserList([b"text"]), True, True),
        (iter(["text"]), False, True),
    ],
)
def test_body_that_werkzeug_does_not_read_counts_as_streamed(body, passes, streams):
    """The size of a body may be known, and its bytes are not to be touched all the same."""
    assert is_streamed(Response(body, direct_passthrough=passes)) is streams


class Lazy(Response):
    """A response whose body is read by nobody but the server."""

    implicit_sequence_conversion = False


@pytest.mark.parametrize("body", ["text", ["text"]])
def test_body_at_hand_is_not_streamed_whatever_its_class_reads(body):
    """The app's class of responses has Werkzeug read no body; this one is a sequence already."""
    assert not is_streamed(Lazy(body))


def test_page_is_answered_whose_class_of_responses_reads_no_body():
    """A body of a known size, such as an object of the app's own, is no sequence. It is sent as it
    is, without an id."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY="a secret", REALTIME_REGISTRY="memory")
    Realtime(app)
    app.add_url_rule("/", "page", lambda: Lazy(UserList([b"<body>"]), mimetype="text/html"))

    answer = app.test_client().get("/", buffered=True)

    assert (answer.status_code, b"".join(answer.response)) == (200, b"<body>")


def test_file_that_was_closed_holds_nothing():
    """A file in memory is closed before it is sent. Nothing of it is sent, without an error."""
    response = answer(file := io.BytesIO(b"a,b"))

    file.close()

    assert bytes_in_memory(response) is None
