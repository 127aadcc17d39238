"""Which page a request names, and whether it acts on it."""

import io

import flask
import pytest
from flask import request

from flask_realtime.page.requesting_page import MOST_BODY_BYTES, asking_page, open_page

ID = "an-id-of-this-page"
HEADER = {"X-Realtime-Connection-Id": ID}
QUERY = {"query_string": {"socket_connection_id": ID}}
FORM = {"method": "POST", "data": {"socket_connection_id": ID}}
READ = {"data": lambda: request.form, "json": lambda: request.json}
JSON = {"method": "POST", "json": {"socket_connection_id": ID}}


def named(function, mode=None, headers=(), first=lambda: None, **options):
    """Return what *function* finds in a request, once the view has done *first*."""
    headers = dict(headers)
    if mode:
        headers["Sec-Fetch-Mode"] = mode
    with flask.Flask(__name__).test_request_context(headers=headers, **options):
        first()
        return function(True)


@pytest.mark.parametrize("options", [{"headers": HEADER}, QUERY, FORM, JSON])
@pytest.mark.parametrize("mode", ["cors", "same-origin", "no-cors"])
def test_script_may_name_its_page_anywhere(mode, options):
    """No navigation is sent so."""
    assert named(open_page, mode, **options) == ID


@pytest.mark.parametrize("options", [{"headers": HEADER}, QUERY, FORM, JSON])
def test_navigation_names_no_page_that_it_could_act_on(options):
    """It is left out where the app leaves out who asks, and that is all."""
    assert named(open_page, "navigate", **options) is None
    assert named(asking_page, "navigate", **options) == ID


@pytest.mark.parametrize(("options", "counts"), [(QUERY, False), (FORM, False), (JSON, True)])
def test_browser_that_does_not_say_is_heeded_where_it_must_be_a_script(options, counts):
    """An old browser's link or form may be anybody's; our header and JSON are a script's."""
    assert named(open_page, **options) == (ID if counts else None)
    assert named(open_page, headers=HEADER, **options) == ID


@pytest.mark.parametrize("kind", ["data", "json"])
def test_large_body_names_a_page_once_the_view_has_read_it(kind):
    """Anybody may send a body of any size to any page: to parse it would stop the process."""
    large = {"socket_connection_id": ID, "text": "x" * MOST_BODY_BYTES}
    options = {"method": "POST", kind: large}

    assert named(open_page, "cors", **options) is None
    assert named(open_page, "cors", first=READ[kind], **options) == ID


@pytest.mark.parametrize(("method", "length"), [("GET", "46"), ("HEAD", "46"), ("POST", "")])
def test_body_that_nobody_expects_is_left_alone(method, length):
    """A view that answers GET takes no body, and one without a length may never end."""
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
