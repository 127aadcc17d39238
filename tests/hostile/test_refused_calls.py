"""A visitor sends large calls of routes that are not open to calls."""

import itertools
import json

import pytest

from tests.integration.browsers import Browser
from tests.integration.raw import RawSocket

# A form cannot hold an object: code that reads this answers 400.
WRONG = {"method": "post", "input": {"text": "a" * 2_000, "wrong": {}}}
LARGE_WRONG = {"method": "post", "input": {"text": "a" * 20_000, "wrong": {}}}
LARGE = {"method": "post", "input": {"text": "a" * 20_000}}
CLOSED = ["/pid", "/on/other", "/made-up", "/push/1/1/room/../../../pid"]


@pytest.fixture(params=["gevent", "gthread"])
def call(request, serve, hold):
    """Returns the status of the reply to a call, and why it is refused."""
    allowed = json.dumps(["/push/**"])
    server = serve(
        "siege:app", request.param, environ={"HOLD": str(hold), "REALTIME_ALLOW_CALLS": allowed}
    )
    browser = Browser(server.url)
    with RawSocket(server, browser, browser.page("/on/stranger")) as socket:

        def call(uri, fields, last=False):
            head, call = {"id": "7", "action": "call-route"}, {"uri": uri, **fields}
            message = {**call, **head} if last else {**head, **call}
            socket.send(1, json.dumps(message).encode())
            reply = json.loads(socket.receive()[1])
            assert reply["id"] == "7"
            return reply["status"], reply.get("refused")

        yield call


def test_call_of_a_closed_route_is_refused_before_its_fields_are_read(call):
    """To read many fields takes up to 25 ms, and strangers could take a core by calls that are
    refused. So nobody notices that these fields are wrong."""
    for uri, fields in itertools.product(CLOSED, [WRONG, LARGE_WRONG]):
        assert call(uri, fields) == (421, "call")
        assert call(uri, fields, last=True) == (421, "call")


def test_call_of_an_open_route_is_read_and_answered(call):
    """The app has opened the route, by its path. A client that makes a mistake is told so, wherever
    it is."""
    assert call("/push/0/1/room", LARGE)[0] in (200, 204)
    assert call("/push/0/1/room", LARGE, last=True)[0] in (200, 204)
    assert call("/push/0/1/room", WRONG) == call("/push/0/1/room", LARGE_WRONG) == (400, None)
    assert call("pid", LARGE) == (400, None)
    assert call("/pid", {**LARGE, "method": "fetch"}) == (400, None)


def test_call_of_a_marked_view_is_judged_alike_whatever_its_size(call):
    """The view is marked, and not named by its path. The app answers a large call as it does a
    small one, also behind a call that was refused."""
    for size in (10, 2_000, 20_000):
        fields = {"input": {"text": "a" * size}}
        for uri, method, status in (
            ("/open/", "post", 200),
            ("/open/", "put", 405),
            ("/open", "post", 308),
        ):
            assert call(uri, {**fields, "method": method}) == (status, None)
        assert call("/pid", fields) == (421, "call")


def test_call_of_a_path_that_no_request_could_have_is_refused(call):
    """To find the route of a path of 240 KB may take half a minute, during which nothing else runs;
    servers refuse such a request. A query may be long."""
    assert call(f"/push/0/1/{'a' * 5_000}", {"method": "post"}) == (421, "call")
    assert call(f"/push/0/1/{'a' * 50_000}", {"method": "post"}) == (421, "call")
    assert call(f"/push/0/1/{'a' * 1_900}", {"method": "post"})[0] in (200, 204)
    for size in (5_000, 50_000):
        assert call(f"/push/0/1/room?{'a' * size}", {"method": "post"})[0] in (200, 204)
