"""Audiences, which realtime.to(...) returns."""

import contextlib
import json

import pytest
from markupsafe import Markup

from flask_realtime.audiences import Addressing, Audience
from flask_realtime.protocol.routes import TO_ALL, Route


class Outlet:
    """Writes down what is handed out."""

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
    """It goes as realtime.push goes, to those who are meant."""
    audience.push({"text": "hi"})

    assert outlet.sent == [({"text": "hi"}, Route(but_for="d1"), ("room:1",))]


def test_change_is_a_fragment_for_the_page(audience, outlet):
    """Each of the verbs makes one."""
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
    """They put new HTML in the place of old; morph= changes what differs."""
    audience.replace("#a", html="x", morph=True)
    audience.update("#a", html="x", morph=True)

    assert [payload[0]["morph"] for payload, _, _ in outlet.sent] == [True, True]


def test_with_block_sends_its_changes_as_one_message(audience, outlet):
    """Nobody sees a page with half of them."""
    with audience as change:
        change.append("#a", html="1")
        change.remove("#b")
        assert outlet.sent == []

    ((payload, route, _),) = outlet.sent
    assert [one["action"] for one in payload] == ["append", "remove"]
    assert route.kind == "html"


def test_with_block_that_fails_sends_nothing(audience, outlet):
    """Nor does one in which nothing was changed."""
    with pytest.raises(ZeroDivisionError), audience as change:
        change.append("#a", html="1")
        raise ZeroDivisionError
    with audience:
        pass

    assert outlet.sent == []


@pytest.mark.parametrize("is_failing", [False, True])
def test_change_behind_its_with_block_is_told(audience, outlet, is_failing):
    """It would go nowhere."""
    with contextlib.suppress(ZeroDivisionError), audience as change:
        if is_failing:
            raise ZeroDivisionError

    with pytest.raises(RuntimeError, match=r"remove was called after .* realtime\.to\(…\)\.remove"):
        change.remove("#a")
    assert outlet.sent == []


def test_refresh_has_blocks_rendered_again(audience, outlet):
    """It carries no content: each page fetches its own."""
    audience.refresh()

    assert outlet.sent == [(True, Route("refresh", but_for="d1"), ("room:1",))]


def test_literal_text_is_escaped(outlet):
    """What a visitor wrote does no harm."""
    Audience(lambda: outlet, Addressing(("a",), TO_ALL)).update("#a", html="<script>")

    assert outlet.sent[0][0][0]["html"] == "&lt;script&gt;"
