"""A server is down for long. A page reconnects soon after the server is back, in every browser."""

import signal

import pytest

from .kinds import NAME
from .test_staying import NETWORK

NOTE_SOCKETS = """(() => {
  window.made = 0;
  window.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given);
      window.made += 1;
    }
  };
})()"""
# Firefox delays a new socket the longer, the more sockets have failed before: after six by 3 s.
FEW = 7

# Chromium delays none, so the shorter outage shows as much.
each = pytest.mark.parametrize("seconds", [15] if NAME == "chromium" else [15, 45])


@each
def test_page_is_back_soon_after_an_outage(come, start, publisher, channel, seconds):
    """The page opens few sockets during the outage, because Firefox would delay later ones for
    them, and is connected soon after it."""
    with start() as first:
        ada = come(first.url)
        ada.visit(f"/on/{channel}")
        ada.run(f"() => {{ {NOTE_SOCKETS} }}")
        first.stop(signal.SIGKILL)
        ada.wait_for_state("waiting")
        ada.run(f"() => new Promise((done) => setTimeout(done, {1000 * seconds}))")
        assert ada.run("window.made") <= FEW
        publisher.push("meanwhile", channel)
        with start(port=first.port):
            ada.wait_until_heard("meanwhile")

            assert [name for name, _ in ada.run("events")] == ["open", "close", "open"]
    ada.forgive(*NETWORK)
