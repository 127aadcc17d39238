"""Audiences, which realtime.to(...) returns."""

import contextlib
import json

import pytest
from markupsafe import Markup

from flask_realtime.audiences import Addressing, Audience
from flask_realtime.protocol.routes import TO_ALL, Route


class Outlet:
    """A publisher that records what it gets."""

    def __init__(self):
        self.sent = []

    def encode(self, message):
        return json.dumps(message)

    def deliver(self, payload, addressing):
        self.sent.append((json.loads(payload), addressing.route, addressing.names))


@pytest.fixture
def outlet():
    return Outlet()


@pytest.fixture
def audience(outlet):
    return Audience(lambda: outlet, Addressing(("room:1",), Route(but_for="d1")))


def test_push_is_a_message_for_scripts(audience, outlet):
    """realtime.to(...).push() sends a message like realtime.push()."""
    audience.push({"text": "hi"})

    assert outlet.sent == [({"text": "hi"}, Route(but_for="d1"), ("room:1",))]


def test_change_is_a_fragment_for_the_page(audience, outlet):
    """Each method such as append() makes one fragment."""
    html = Markup("<b>")
    for verb in ("append", "prepend", "before", "after", "replace", "update"):
        getattr(audience, verb)("#a", html=html)
    audience.remove("#a")
    audience.reload()

    assert [route for _, route, _ in outlet.sent] == [Route("html", but_for="d1")] * 8
    assert [payload[0]["action"] for payload, _, _ in outlet.sent] == [
        "append", "prepend", "before", "after", "replace", "update", "remove", "reload",
    ]  # fmt: skip
    assert outlet.sent[0][0] == [{"action": "append", "target": "#a", "html": "<b>"}]


def test_only_replace_and_update_morph(audience, outlet):
    """morph= is allowed for replace and update, which put new HTML in the place of old."""
    audience.replace("#a", html="x", morph=True)
    audience.update("#a", html="x", morph=True)

    assert [payload[0]["morph"] for payload, _, _ in outlet.sent] == [True, True]


def test_with_block_sends_its_changes_as_one_message(audience, outlet):
    """The changes of a with block are sent as one message, so no page shows only half of them."""
    with audience as change:
        change.append("#a", html="1")
        change.remove("#b")
        assert outlet.sent == []

    ((payload, route, _),) = outlet.sent
    assert [one["action"] for one in payload] == ["append", "remove"]
    assert route.kind == "html"


def test_with_block_that_fails_sends_nothing(audience, outlet):
    """A with block that raises, or that makes no change, sends nothing."""
    with pytest.raises(ZeroDivisionError), audience as change:
        change.append("#a", html="1")
        raise ZeroDivisionError
    with audience:
        pass

    assert outlet.sent == []


@pytest.mark.parametrize("is_failing", [False, True])
def test_change_after_its_with_block_is_an_error(audience, outlet, is_failing):
    """A change after the end of the with block would not be sent, so it is an error."""
    with contextlib.suppress(ZeroDivisionError), audience as change:
        if is_failing:
            raise ZeroDivisionError

    with pytest.raises(RuntimeError, match=r"remove was called after .* realtime\.to\(…\)\.remove"):
        change.remove("#a")
    assert outlet.sent == []


def test_refresh_has_blocks_rendered_again(audience, outlet):
    """A refresh carries no content; each page fetches its own blocks."""
    audience.refresh()

    assert outlet.sent == [(True, Route("refresh", but_for="d1"), ("room:1",))]


def test_literal_text_is_escaped(outlet):
    """A visitor's text is escaped."""
    Audience(lambda: outlet, Addressing(("a",), TO_ALL)).update("#a", html="<script>")

    assert outlet.sent[0][0][0]["html"] == "&lt;script&gt;"
