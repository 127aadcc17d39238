"""Pages call views and handlers over their sockets, and every message is answered."""

import json

import pytest

from tests.eventually import DEADLINE

from .conftest import ON_TWO_SERVERS


@pytest.fixture
def page(browser, channel):
    return browser.page(f"/on/{channel}")


@pytest.fixture
def socket(browser, page):
    with browser.open(page) as socket:
        yield socket


def test_ping_is_answered(socket):
    """The action "ping" is answered "pong", so that a page can ask whether its socket is alive."""
    assert socket.ask("ping") == {"id": "m1", "status": 200, "headers": {}, "body": "pong"}


def test_handler_answers_its_action(socket):
    """A handler returns what a view may return, and that is the reply."""
    reply = socket.ask("shout", text="hello")

    assert reply["status"] == 200
    assert reply["body"] == {"shouted": "HELLO"}


def test_call_route_runs_a_view(socket):
    """A call has the method, the query, the form or the JSON that a request would have."""
    got = socket.call("/echo?a=1", input={"b": ["2", "3"]})["body"]
    posted = socket.call("/echo", method="post", input={"a": 1})["body"]
    sent = socket.call("/echo", method="put", json={"a": [1]})["body"]

    assert (got["method"], got["args"]) == ("GET", {"a": ["1"], "b": ["2", "3"]})
    assert (posted["method"], posted["form"]) == ("POST", {"a": ["1"]})
    assert (sent["method"], sent["json"]) == ("PUT", {"a": [1]})


def test_call_route_has_the_circumstances_of_the_handshake(server, socket, page):
    """In a called view the host, the address and the client are those of the handshake."""
    body = socket.call("/echo", headers={"X-Mine": "yes"})["body"]

    assert body["host"] == f"127.0.0.1:{server.port}"
    assert body["remote"] == "127.0.0.1"
    assert body["mine"] == "yes"
    assert body["socket"] is True
    assert body["connection_id"] == page


@ON_TWO_SERVERS
def test_call_route_replies_with_any_kind_of_body(socket):
    """A reply holds JSON as JSON, text as text, and other bytes as base64."""
    text, octets = socket.call("/slow/0.0"), socket.call("/bytes")

    assert text["body"] == "slept 0.0"
    assert (octets["encoding"], octets["body"]) == ("base64", "AP8=")


@ON_TWO_SERVERS
def test_call_route_tells_of_every_status(socket):
    """Redirects are not followed, errors are replies with their status, and the socket stays
    open."""
    assert socket.call("/away")["status"] == 303
    assert socket.call("/nowhere")["status"] == 410
    assert socket.call("/no-such-path")["status"] == 404
    assert socket.call("/echo", method="patch")["status"] == 405
    assert socket.call("/stream")["status"] == 502
    assert socket.call("/fails")["status"] == 500
    assert socket.ask("ping")["status"] == 200


def test_call_route_subscribes_the_socket_it_came_by(browser, socket, channel):
    """A view that is called over a socket subscribes that socket's client."""
    reply = socket.call(f"/subscribe/{channel}-more", method="post")
    browser.post(f"/push/{channel}-more", json="heard")

    assert reply["body"] == [channel, f"{channel}-more"]
    assert socket.payloads(1) == ["heard"]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"uri": ""}, 400),
        ({"uri": "http://evil.example/echo"}, 400),
        ({"uri": "//evil.example/echo"}, 400),
        ({"uri": 5}, 400),
        ({}, 400),
        ({"uri": "/echo", "method": 7}, 400),
        ({"uri": "/echo", "input": {}, "json": {}}, 400),
        ({"uri": "/echo", "headers": {"Cookie": "session=x"}}, 400),
        ({"uri": "/echo", "headers": {"X-Forwarded-For": "1.2.3.4"}}, 400),
        ({"uri": "/echo", "headers": {"Sec-Fetch-Site": "none"}}, 400),
    ],
)
@ON_TWO_SERVERS
def test_call_route_refuses_what_it_cannot_use(socket, fields, status):
    """A field that cannot be used is answered 400, and the socket stays open."""
    reply = socket.ask("call-route", **fields)

    assert reply["status"] == status
    assert isinstance(reply["body"], str) and reply["body"]
    assert socket.ask("ping")["status"] == 200


@pytest.mark.parametrize(
    ("text", "message_id", "status"),
    [
        ("not json", None, 400),
        ("[1, 2]", None, 400),
        ('"text"', None, 400),
        ("{}", None, 400),
        ('{"action": "ping"}', None, 400),
        ('{"id": "1"}', "1", 400),
        ('{"id": 2, "action": 5}', 2, 400),
        ('{"id": "3", "action": "no-such-action"}', "3", 404),
        ('{"id": "4", "action": "fail"}', "4", 500),
        ('{"id": "5", "action": "resume", "positions": {}}', "5", 400),
        (b"\x00\x01", None, 400),
    ],
)
@ON_TWO_SERVERS
def test_bad_message_is_answered(socket, text, message_id, status):
    """A message that is wrong in any way gets a reply that says so, and the socket stays open."""
    socket.websocket.send(text)

    reply = json.loads(socket.websocket.recv(timeout=DEADLINE))

    assert (reply["id"], reply["status"]) == (message_id, status)
    assert reply["body"]
    assert socket.ask("ping")["status"] == 200


def test_slow_handler_does_not_delay_a_pong_or_a_push(browser, socket, channel):
    """While a handler runs, pings are answered and pushes arrive; other replies wait for their
    turn."""
    slow = socket.send("sleep", seconds=0.5)
    after = socket.send("shout", text="x")
    browser.post(f"/push/{channel}", json="meanwhile")

    first = socket.ask("ping")
    pushed = socket.payloads(1)

    assert first["status"] == 200
    assert pushed == ["meanwhile"]
    assert socket.reply(slow)["body"] == "slept"
    assert socket.reply(after)["body"] == {"shouted": "X"}


def test_messages_of_one_socket_are_handled_in_order(socket):
    """Messages of one socket are handled one at a time, in the order in which they were sent."""
    ids = [socket.send("shout", text=str(number)) for number in range(60)]

    replies = [json.loads(socket.websocket.recv(timeout=DEADLINE)) for _ in ids]

    assert [reply["id"] for reply in replies] == ids


def test_idle_socket_holds_no_context(browser, channel):
    """The request of the handshake is torn down before the socket opens, and that of each message
    after its reply."""
    page = browser.page(f"/on/{channel}")
    with browser.open(page) as socket:
        counts = {socket.call("/teardowns")["body"] for _ in range(3)}

    assert len(counts) == 3


def test_session_written_over_a_socket_reaches_the_browser(server, browser, socket, page):
    """A session that a view changed over a socket is in the browser after a POST to the session
    path."""
    reply = socket.call("/session/colour/blue", method="post")
    of_socket = socket.call("/session")["body"]
    before = browser.get("/session").json()
    handed = browser.http.post(
        server.url + "/_realtime/session",
        headers={"X-Realtime-Connection-Id": page, "Origin": server.url},
    )

    assert reply["session"]
    assert "Set-Cookie" not in reply["headers"]
    assert of_socket == {"colour": "blue"}
    assert before == {}
    assert handed.status_code in (200, 204)
    assert browser.get("/session").json() == {"colour": "blue"}


def test_session_changed_by_http_meanwhile_wins(server, browser, socket, page):
    """A log-out by HTTP is not undone by an older change over a socket."""
    browser.post("/session/user/ann")
    with browser.open(page) as second:
        second.call("/session/user/ben", method="post")
        browser.post("/forget/user")
        browser.http.post(
            server.url + "/_realtime/session",
            headers={"X-Realtime-Connection-Id": page, "Origin": server.url},
        )

    assert browser.get("/session").json() == {}


def test_log_out_over_a_socket_is_answered_before_it_ends(server, browser, socket, page):
    """A log-out over a socket is answered before all sockets of the session are closed."""
    browser.post("/session/user/ann")
    with browser.open(page) as first, browser.open(browser.page("/")) as second:
        reply = first.call("/logout", method="post")
        codes = first.close_code(), second.close_code()
        browser.http.post(
            server.url + "/_realtime/session",
            headers={"X-Realtime-Connection-Id": page, "Origin": server.url},
        )

    assert (reply["body"], bool(reply["session"])) == ("bye", True)
    assert codes == (1000, 1000)
    assert browser.get("/session").json() == {}


@ON_TWO_SERVERS
def test_session_path_takes_no_foreign_origin(server, browser, socket, page):
    """A page of another origin cannot fetch a session that waits for the browser."""
    socket.call("/session/colour/blue", method="post")

    foreign = browser.http.post(
        server.url + "/_realtime/session",
        headers={"X-Realtime-Connection-Id": page, "Origin": "http://evil.example"},
    )

    assert foreign.status_code == 403
    assert browser.get("/session").json() == {}
