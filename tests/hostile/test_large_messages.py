"""A visitor sends large messages that take long to handle."""

import json

import pytest

from tests.deflate import deflated
from tests.eventually import eventually
from tests.integration.browsers import Browser
from tests.integration.raw import RawSocket

from .siege import SHARE

# A message of about the largest size that is accepted, with as many values as possible.
LARGE = json.dumps({"id": "1", "action": "hold", "data": [[]] * 65_000}, separators=(",", ":"))
# One that has few values, and less than 400 bytes on the wire.
SMALL_ON_THE_WIRE = deflated(b'{"id": "1", "action": "nothing", "data": "%s"}' % (b"a" * 200_000))
COUNT = 10
FORM = "Application/X-WWW-Form-URLEncoded; charset=utf-8"
# One that becomes much memory, and does not tell in its first fields which handler it is for.
KEYS = {f"{number:x}": number for number in range(20_000)}
TOLD_LATE = json.dumps({"data": KEYS, "id": "1", "action": "wait"}, separators=(",", ":"))

CALL_TOLD_LATE = json.dumps(
    {"input": [[]] * 65_000, "uri": "/pid", "id": "1", "action": "call-route"},
    separators=(",", ":"),
)


@pytest.mark.parametrize("kind", ["gevent", "gthread"])
def test_visitor_whose_large_messages_take_long_holds_up_nobody_else(serve, hold, kind):
    """One visitor sends many large messages, of which one or two are handled at a time. Another
    visitor is answered at once."""
    server = serve("siege:app", kind, environ={"HOLD": str(hold)})
    greedy, other = Browser(server.url), Browser(server.url)
    sockets = [RawSocket(server, greedy, greedy.page("/on/greedy")) for _ in range(COUNT)]
    for socket in sockets:
        socket.send(1, LARGE.encode())
    eventually(lambda: list(hold.iterdir()))

    with RawSocket(server, other, other.page("/on/other")) as socket:
        socket.send(1, LARGE.replace("hold", "nothing").encode())
        reply = json.loads(socket.receive()[1])

    assert reply["status"] == 404
    assert len(list(hold.glob("*.begun"))) in (1, 2)
    _let_go_of_all(hold, COUNT)
    for socket in sockets:
        assert json.loads(socket.receive()[1])["status"] == 204
        socket.__exit__()


@pytest.mark.parametrize(
    "besiege", ["gevent", pytest.param("gthread", marks=pytest.mark.long)], indirect=True
)
def test_messages_that_wait_take_no_more_than_a_sockets_share(siege):
    """Each of many sockets sends large messages to a slow handler. What is not handled yet is kept
    as it came, also where the message tells only at its end which handler it is for."""
    for socket in siege.open():
        socket.send_many_aside(1, TOLD_LATE.encode(), 3)

    assert siege.share() < SHARE


@pytest.mark.parametrize(
    "besiege", [pytest.param("gevent", marks=pytest.mark.long), "gthread"], indirect=True
)
def test_refused_calls_take_no_more_than_a_sockets_share(siege):
    """Each of many sockets calls a route that is not open to calls, and tells at the message's end
    only that it is a call. What was parsed to find that out is given up before the client is
    told."""
    sockets = siege.open()
    for socket in sockets:
        socket.send_many_aside(1, CALL_TOLD_LATE.encode(), 2)

    assert siege.share() < SHARE
    for socket in sockets:
        assert json.loads(socket.receive()[1])["refused"] == "call"


@pytest.mark.parametrize("kind", ["gevent", "gthread"])
def test_large_messages_do_not_have_all_objects_of_the_process_looked_through(serve, kind):
    """A visitor sends messages of many small values. The garbage collector would look through all
    that the app has in memory, several times for each of them."""
    browser = Browser(serve("siege:app", kind).url)
    before = int(browser.get("/collections").text)
    for _ in range(COUNT):
        with browser.open(browser.page("/on/visitor")) as socket:
            socket.websocket.send(CALL_TOLD_LATE)
            assert socket.reply("1")["refused"] == "call"

    assert int(browser.get("/collections").text) - before < COUNT


@pytest.mark.parametrize("kind", ["gevent", "gthread"])
def test_messages_of_a_socket_with_more_cookies_than_browsers_have_count_as_several(serve, kind):
    """To read 1,000 cookies takes a millisecond for each message, which has 40 bytes."""
    server = serve("siege:app", kind, MAX_MESSAGES_PER_SECOND=1)
    visitor, stranger = Browser(server.url), Browser(server.url)
    page = stranger.page("/on/stranger")
    stranger.http.cookies.update({f"c{number:x}": "" for number in range(1_000)})

    with visitor.open(visitor.page("/on/visitor")) as socket:
        assert [socket.ask("nothing")["status"] for _ in range(2)] == [404, 404]
    with stranger.open(page) as socket:
        assert socket.ask("nothing")["status"] == 404
        socket.send("nothing")
        assert socket.close_code() == 1008


@pytest.mark.parametrize("kind", ["gevent", "gthread"])
@pytest.mark.parametrize(
    "call",
    [
        {"uri": "/open/", "input": {"text": "é" * 2_000}},
        {"uri": "/open/", "input": {"text": "é" * 2_000}, "headers": {"content-type": FORM}},
        {"uri": f"/open/?text={'é' * 2_000}"},
    ],
    ids=["form", "form that names its type", "query"],
)
def test_letters_that_take_long_to_decode_count_as_several_messages(serve, kind, call):
    """A form of 240 KB, in letters that are percent-encoded, takes a view a third of a second to
    decode, and 600 bytes on the wire. JSON is not encoded so."""
    server = serve("siege:app", kind, MAX_MESSAGES_PER_SECOND=1)
    writer, greedy = Browser(server.url), Browser(server.url)
    as_json = {"uri": "/open/", "json": "é" * 2_000}

    with writer.open(writer.page("/on/writer")) as socket:
        for _ in range(2):
            assert socket.call(method="post", **as_json)["status"] == 200
    with greedy.open(greedy.page("/on/greedy")) as socket:
        assert socket.call(method="post", **call)["status"] == 200
        assert socket.call(method="post", **as_json)["status"] == 429


@pytest.mark.parametrize("kind", ["gevent", "gthread"])
def test_messages_count_by_their_bytes_however_few_they_have_on_the_wire(serve, kind):
    """To inflate and read messages of 200 KB, one after the other, would take a whole core, and
    less than 40 KB a second on the wire. Each counts as 25 messages."""
    server = serve("siege:app", kind, MAX_MESSAGES_PER_SECOND=1)
    browser = Browser(server.url)

    with RawSocket(server, browser, browser.page("/on/greedy"), deflate=True) as socket:
        socket.send(1, SMALL_ON_THE_WIRE, reserved=0x40)
        assert json.loads(socket.receive()[1])["status"] == 404
        socket.send(1, SMALL_ON_THE_WIRE, reserved=0x40)
        opcode, _ = socket.receive()

    assert opcode == 8


def _let_go_of_all(hold, count):
    def let_go():
        begun = list(hold.glob("*.begun"))
        for one in begun:
            one.with_suffix(".go").touch()
        return len(begun) == count

    eventually(let_go)
