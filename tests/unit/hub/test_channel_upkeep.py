"""What a process does every few seconds about the channels that it hears."""

import pytest

from flask_realtime.errors import RegistryUnavailable
from flask_realtime.hub.channel_upkeep import ChannelUpkeep
from flask_realtime.protocol.pushes import make_pushes
from tests.eventually import eventually

# In seconds: as often as a process looks, and until a channel that nobody is on counts as idle.
SWEEP = 5
UNTIL_IDLE = 11
# For longer than a page may take to connect, and for less time than a log lives.
IN_A_TUNNEL = 200


@pytest.fixture
def upkeep(clock, house):
    """The upkeep of a process that has had one page, on channel "a", for five seconds."""
    clock.now += SWEEP
    house.position = house.delivery.tail("a")
    return ChannelUpkeep(house.hub, house.delivery, house.registry)


def let_page_be_away(house, upkeep, clock):
    """The page is in a tunnel, and no refresh of its process fell into its visit."""
    house.hub.remove(house.guest)
    clock.now += UNTIL_IDLE
    upkeep.sweep()
    clock.now += IN_A_TUNNEL


def read_on(house):
    return house.registry.read({"a": house.position}, 1000)["a"]


def push_to_all(house):
    house.registry.publish(make_pushes('"hi"', ["*"], house.registry.matching, None))


def test_channel_of_a_short_visit_is_known_while_its_page_is_away(clock, house, upkeep):
    """A page that was there for some seconds was in a tunnel for minutes. It has missed what was
    pushed to a pattern, and nothing else."""
    upkeep.sweep()
    let_page_be_away(house, upkeep, clock)

    push_to_all(house)

    assert house.delivery.names() == []
    page = read_on(house)
    assert (page.lost, [one.payload for one in page.publications]) == (False, ['"hi"'])


def test_channel_is_kept_once_the_registry_is_back(clock, house, upkeep):
    """Redis was away for a moment right when a channel was new to the process."""
    refresh = house.registry.refresh

    def refuse(records, channels):
        raise RegistryUnavailable("Redis is away.")

    house.registry.refresh = refuse
    with pytest.raises(RegistryUnavailable):
        upkeep.sweep()
    house.registry.refresh = refresh
    clock.now += SWEEP
    upkeep.sweep()

    let_page_be_away(house, upkeep, clock)

    assert not read_on(house).lost


def test_registry_is_asked_once_to_keep_a_new_channel(house, upkeep):
    """Pages that stay on their channels cost the registry nothing until the next refresh."""
    kept = []
    house.registry.refresh = lambda records, channels: kept.append(channels)

    upkeep.sweep()
    upkeep.sweep()

    assert kept == [["a"]]


def test_channels_are_kept_anew_once_redis_is_heard_again(house, upkeep):
    """Redis has restarted without its data, and knows no channel. Pages that stay hear what is
    pushed to a pattern."""
    upkeep.sweep()
    kept = []
    house.registry.refresh = lambda records, channels: kept.append(channels)

    house.reconciler.restored()
    house.reconciler.restored()
    eventually(lambda: not house.delivery.paused(["a"]))
    upkeep.sweep()

    assert kept == [["a"]]


def test_channel_that_cannot_be_kept_holds_up_no_other_and_is_forgotten_with_its_page(
    clock, house, upkeep, caplog
):
    """The registry raises an error for one channel, for good. Other new channels are kept, and the
    process remembers that one no longer than its page is there."""
    kept = []

    def refresh(records, channels):
        if "a" in channels:
            raise TypeError("It is broken.")
        kept.extend(channels)

    house.registry.refresh = refresh
    house.registry.subscribe("d1", ["b"])
    eventually(lambda: house.jobs)
    house.work()
    for _ in range(3):
        upkeep.sweep()
        clock.now += SWEEP

    assert kept == ["b"]
    assert len([one for one in caplog.records if one.levelname == "ERROR"]) == 1
    let_page_be_away(house, upkeep, clock)
    assert house.delivery.names() == []
    assert not upkeep._new
