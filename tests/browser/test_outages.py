"""A server is down for long. A page reconnects soon after the server is back, in every browser."""

import signal

import pytest

from .kinds import NAME
from .test_staying import NETWORK

# Counts the sockets that were made, and the requests that are under way.
NOTE_ATTEMPTS = """(() => {
  window.made = window.asked = 0;
  window.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given);
      window.made += 1;
    }
  };
  const { fetch } = window;
  window.fetch = (...given) => {
    window.asked += 1;
    return fetch(...given).finally(() => (window.asked -= 1));
  };
})()"""
# Firefox delays a new socket the longer, the more sockets have failed before: after six by 3 s.
FEW = 7

# The steps, in ms, in which the clock of a page in Chromium is put forward. Other browsers delay
# sockets by clocks of their own.
STEP = 250
# Chromium delays none, so the shorter outage shows as much.
each = pytest.mark.parametrize("seconds", [15] if NAME == "chromium" else [15, 45])


def let_pass(person, seconds):
    """Have so much time pass for a page whose server is down."""
    if NAME != "chromium":
        person.run(f"() => new Promise((done) => setTimeout(done, {1000 * seconds}))")
        return
    for _ in range(0, 1000 * seconds, STEP):
        person.page.clock.run_for(STEP)
        person.wait_for("() => realtime.state === 'waiting' && window.asked === 0")


@each
def test_page_is_back_soon_after_an_outage(come, start, publisher, channel, seconds):
    """The page opens few sockets during the outage, because Firefox would delay later ones for
    them, and is connected soon after it."""
    with start() as first:
        ada = come(first.url)
        if NAME == "chromium":
            ada.page.clock.install()
        ada.visit(f"/on/{channel}")
        ada.run(f"() => {{ {NOTE_ATTEMPTS} }}")
        first.stop(signal.SIGKILL)
        ada.wait_for_state("waiting")
        let_pass(ada, seconds)
        assert ada.run("window.made") <= FEW
        publisher.push("meanwhile", channel)
        with start(port=first.port):
            ada.wait_until_heard("meanwhile")

            assert [name for name, _ in ada.run("events")] == ["open", "close", "open"]
    ada.forgive(*NETWORK)
