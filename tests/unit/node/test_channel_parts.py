"""The parts of a process that know its channels, tied together."""

from flask_realtime.hub.members import NOTHING

from ...eventually import eventually
from ..handshakes import Page


def test_page_that_is_subscribed_while_it_is_open_hears_what_is_pushed(heard):
    """The registry tells the process of a new subscription, which brings the socket onto the
    channel: what is pushed there reaches the page."""
    with Page(heard.node) as page:
        assert heard.node._hub.noted(page.connection) == NOTHING
        heard.node.registry.subscribe(page.connection.digest, ["room"])
        eventually(lambda: heard.node.is_heard("room"))
        with heard.node.app.app_context():
            heard.realtime.push("hi", "room")

        assert page.receive_payloads(1) == ["hi"]
