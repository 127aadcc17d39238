"""The wire format, compared with golden messages."""

from __future__ import annotations

import json

import pytest

from flask_realtime.errors import InvalidMessage
from flask_realtime.protocol.messages import (
    JSONText,
    Message,
    Reply,
    error_reply,
    parse_message,
    parse_positions,
)
from flask_realtime.protocol.positions import Position
from flask_realtime.protocol.publications import Publication
from flask_realtime.writing.frames import lost_frame, push_frame

from ..wire import golden


@golden("client_messages")
def test_message_is_read_as_the_client_meant_it(message):
    """A handler gets the data, which may be any JSON, without the message's own id and action."""
    means = message["means"]

    parsed = parse_message(message["text"])

    assert parsed == Message(means["id"], means["action"], means["data"])


@golden("client_messages", positions=True)
def test_positions_are_read_from_a_resume(message):
    """A resume names the client's position on each channel."""
    expected = {name: Position(*one) for name, one in message["positions"].items()}

    positions = parse_positions(parse_message(message["text"]).data)

    assert positions == expected


@golden("bad_client_messages")
def test_message_that_is_none_is_refused_with_its_id(message):
    """A malformed message is refused under its id, if it has one."""
    with pytest.raises(InvalidMessage) as caught:
        parsed = parse_message(message["text"])
        try:
            parse_positions(parsed.data)
        except InvalidMessage as error:
            raise InvalidMessage(error.reason, parsed.id) from None

    assert message["status"] == 400
    assert caught.value.message_id == message["id"]
    assert caught.value.reason


@golden("replies")
def test_reply_is_written_as_the_golden_text(message):
    """The text of a reply does not change by accident."""
    fields = message["reply"]
    body = JSONText(fields["json"]) if "json" in fields else fields["body"]
    reply = Reply(
        fields["id"],
        fields["status"],
        fields["headers"],
        body,
        fields.get("encoding"),
        fields.get("session", False),
        fields.get("refused"),
    )

    text = reply.to_json()

    assert text == message["text"]
    assert json.loads(text)["id"] == fields["id"]


def test_reply_tells_where_its_page_begins():
    """A reply that shows another page names the channels that the page hears, from where, and those
    that it leaves. Other replies have no such fields."""
    bare = Reply("7", 200, {}, "hi")

    reply = bare._replace(positions={"room:2": Position("e", 3, "t")}, left=["room:1"])

    told = json.loads(reply.to_json())
    assert told == {
        **json.loads(bare.to_json()), "positions": {"room:2": "e:3:t"}, "left": ["room:1"],
    }  # fmt: skip
    assert not {"positions", "left"} & json.loads(bare.to_json()).keys()


@golden("pushes", push=True)
def test_push_is_written_as_the_golden_text(message):
    """The text of a push does not change by accident."""
    fields = message["push"]
    publication = Publication(
        fields["channel"], Position(*fields["position"]), "a0", fields["payload"]
    )

    frame = push_frame(publication)

    assert frame.plain[2:].decode() == message["text"]


@golden("pushes", lost=True)
def test_loss_is_written_as_the_golden_text(message):
    """The text of a loss does not change by accident."""
    fields = message["lost"]

    frame = lost_frame(fields["channel"], Position(*fields["position"]), None)

    assert frame.plain[2:].decode() == message["text"]


def test_message_nested_without_end_is_refused():
    """A message of deeply nested brackets is refused, and does not crash the parser."""
    with pytest.raises(InvalidMessage):
        parse_message("[" * 100_000)


def test_message_with_an_endless_action_is_refused_with_its_id():
    """An action has a limited length, since the reply would repeat it."""
    with pytest.raises(InvalidMessage) as caught:
        parse_message(json.dumps({"id": "7", "action": "a" * 201}))

    assert caught.value.message_id == "7"


@pytest.mark.parametrize("message_id", [10**300, -(10**18), 0, 1.5])
def test_message_id_may_be_any_number(message_id):
    """The reply repeats any number that a browser has unchanged."""
    parsed = parse_message(json.dumps({"id": message_id, "action": "a"}))

    assert json.loads(error_reply(parsed.id, 404, "").to_json())["id"] == message_id


@pytest.mark.parametrize(
    ("field", "value", "number"),
    [
        ("data", '{"rows": [[1.5, 2e3], [1e308, -1e309]], "then": 1e999}', "-1e309"),
        ("json", '{"text": "1e999", "n": 1e0999}', "1e0999"),
        ("input", "1" + "0" * 400 + ".0", "1" + "0" * 39),
    ],
)
def test_number_that_no_browser_could_read_again_is_refused_by_its_field(field, value, number):
    """A number is so large that Python reads it as infinity, which no JSON has. The refusal names
    the field and the number."""
    text = f'{{"id": "7", "action": "a", "uri": "/Infinity", "{field}": {value}}}'

    with pytest.raises(InvalidMessage) as caught:
        parse_message(text)

    assert caught.value.message_id == "7"
    assert caught.value.reason == f"'{field}' holds the number {number}, which is too large."


def test_position_far_too_long_is_refused():
    """The length of a client's position is checked before it is parsed."""
    with pytest.raises(InvalidMessage):
        parse_positions({"positions": {"room": "e:1:" + "t" * 100}})


def test_publication_knows_the_position_before_it():
    """A connection just before an entry is recognised by the tag of the entry before."""
    publication = Publication("room", Position("e", 17, "b2"), "a1", "1")

    assert publication.before == Position("e", 16, "a1")
