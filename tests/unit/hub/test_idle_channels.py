"""Channels that no connection of a process is on any more."""

import pytest

from flask_realtime.errors import RegistryUnavailable
from flask_realtime.hub.idle_channels import IdleChannels
from flask_realtime.protocol.pushes import make_pushes

# The page was there for some seconds, and no refresh of its process fell into them.
SHORT_VISIT = 5
UNTIL_IDLE = 11
# For longer than a page may take to connect, and for less time than a log lives.
IN_A_TUNNEL = 200


@pytest.fixture
def visited(clock, house):
    """A process whose only page, on channel "a", has just gone into a tunnel."""
    clock.now += SHORT_VISIT
    house.position = house.delivery.tail("a")
    house.hub.remove(house.guest)
    clock.now += UNTIL_IDLE
    return house


def read_on(house):
    return house.registry.read({"a": house.position}, 1000)["a"]


def test_channel_of_a_short_visit_is_known_while_its_page_is_away(visited, clock):
    """A page that was there for five seconds was in a tunnel for minutes. It has missed what was
    pushed to a pattern, and nothing else."""
    idle = IdleChannels(visited.hub, visited.delivery, visited.registry)

    idle.sweep()
    clock.now += IN_A_TUNNEL
    pushes = make_pushes('"hi"', ["*"], visited.registry.matching, None)
    visited.registry.publish(pushes)

    assert visited.delivery.names() == []
    page = read_on(visited)
    assert (page.lost, [one.payload for one in page.publications]) == (False, ['"hi"'])


def test_channel_is_kept_once_the_registry_is_back(visited, clock):
    """Redis was away for a moment right when a channel was heard no longer."""
    registry = visited.registry
    idle = IdleChannels(visited.hub, visited.delivery, registry)
    refresh = registry.refresh

    def refuse(records, channels):
        raise RegistryUnavailable("Redis is away.")

    registry.refresh = refuse
    with pytest.raises(RegistryUnavailable):
        idle.sweep()
    registry.refresh = refresh
    clock.now += SHORT_VISIT
    idle.sweep()
    clock.now += IN_A_TUNNEL

    assert not read_on(visited).lost
