"""A server that is away for long: a page is back soon after it, in every browser."""

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
# Firefox holds a socket back for the longer the more have failed before it: for 3 s behind six.
FEW = 7

# In Chromium, which holds nothing back, the shorter one tells as much.
each = pytest.mark.parametrize("seconds", [15] if NAME == "chromium" else [15, 45])


@each
def test_page_is_back_soon_after_an_outage(come, start, publisher, channel, seconds):
    """It makes few sockets meanwhile, which Firefox would hold against those to come."""
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
