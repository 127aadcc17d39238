"""Messages that come to a socket which is about to be closed."""

import json

import pytest

from flask_realtime.messages.large_messages import LARGE_BYTES

from ...eventually import DEADLINE


@pytest.mark.parametrize("order", [["id", "action", "data"], ["data", "action", "id"]])
@pytest.mark.parametrize("count", [1, 20_000])
def test_socket_that_is_to_be_closed_sends_back_what_it_has_not_begun(page, heard, order, count):
    """A socket is to be closed behind its work. The message that runs is answered; those that wait,
    and those that come now, were not handled: the client is told to send them again. Pings are
    answered."""
    message = {"id": "7", "action": "wait", "data": [[]] * count}
    text = json.dumps({name: message[name] for name in order})
    page.say("wait")
    page.send(text)
    page.say("ping")
    page.receive()
    assert heard.running.wait(DEADLINE)

    page.connection.close_behind_work(1012, "Come back.")
    page.send(text)
    at_once = page.receive()
    page.say("ping")
    pong = page.receive()
    heard.gate.set()
    ran, waited, code = page.receive(), page.receive(), page.receive()

    assert (ran["id"], ran["body"]) == ("1", "True")
    for one in (at_once, waited):
        assert (one["id"], one["status"], one.get("refused")) == ("7", 503, "reconnect")
    assert pong["body"] == "pong"
    assert code == 1012


@pytest.mark.parametrize("text", ["[" * 10, "[" * LARGE_BYTES], ids=["small", "large"])
def test_malformed_message_is_told_so_while_the_socket_is_to_be_closed(page, heard, text):
    """A malformed message gets status 400, and is not sent again by the next socket."""
    page.say("wait")
    page.say("ping")
    page.receive()
    assert heard.running.wait(DEADLINE)
    page.connection.close_behind_work(1012, "Come back.")
    page.send(text)
    refused = page.receive()
    heard.gate.set()

    assert refused["status"] == 400
    assert "refused" not in refused
