"""How long a registry keeps its data."""

from flask_realtime.config.settings import Config
from flask_realtime.registries.lifetimes import Lifetimes


def test_channel_outlives_whoever_may_still_come():
    """A channel lives until two refreshes after the last page that may connect or reconnect."""
    lifetimes = Lifetimes.of(Config(connect_timeout_seconds=60, disconnect_timeout_seconds=86400))

    assert (lifetimes.awaited_client, lifetimes.awaited_channel) == (60, 70)
    assert (lifetimes.client, lifetimes.channel) == (86400, 87000)


def test_short_timeouts_are_kept_short():
    """Data with a short timeout is kept for at most twice that time."""
    lifetimes = Lifetimes.of(Config(connect_timeout_seconds=2, disconnect_timeout_seconds=3))

    assert (lifetimes.awaited_channel, lifetimes.channel) == (4, 6)
