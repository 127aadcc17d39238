"""A handler of the app starts a gevent.Timeout, and forgets to end it."""

import json

from tests.eventually import eventually
from tests.integration.browsers import Browser
from tests.integration.raw import RawSocket


def test_timeout_that_a_handler_forgets_keeps_no_message_of_others_from_its_handler(serve):
    """The timeout is raised wherever the handler's greenlet waits next, for example while it is
    idle. Messages of others are handled all the same."""
    server = serve("siege:app", "gevent")
    browser, other = Browser(server.url), Browser(server.url)
    with (
        RawSocket(server, browser, browser.page("/on/it")) as forgetful,
        RawSocket(server, other, other.page("/on/other")) as unaware,
    ):
        forgetful.send(1, b'{"id": "1", "action": "forget"}')
        eventually(lambda: "gevent.timeout.Timeout" in server.log())

        unaware.send(1, b'{"id": "1", "action": "large"}')

        assert json.loads(unaware.receive()[1])["status"] == 200
