"""Every registry: pages without subscriptions, which the registry does not know, and the end of
their user."""

from flask_realtime.registries.records import ConnectionRecord, Grant
from flask_realtime.threads import clock

PAGE = "a" * 32 + "5" * 32
USER = "a%3Ab%40c"
HOUR = 3600


def test_page_that_hears_nothing_comes_if_it_is_newer_than_the_end_of_its_user(registry):
    """The registry does not know such a page. The age in its id, or else its session, decides
    whether it may connect after a ban."""
    registry.connect(PAGE, "1", USER)
    registry.forget_connection(ConnectionRecord(PAGE, "1", {}))
    registry.end_user(USER, age=1000)

    def is_refused(name, seconds_ago=None):
        asked_at = None if seconds_ago is None else clock.monotonic() - seconds_ago
        arrival = registry.connect(PAGE, name, USER, asked_at=asked_at)
        if not arrival.has_ended:
            registry.forget_connection(ConnectionRecord(PAGE, name, {}))
        return arrival.has_ended

    assert is_refused("2", seconds_ago=HOUR)
    assert not is_refused("3", seconds_ago=0)
    assert not is_refused("4")
    registry.end_user(USER)
    assert is_refused("5")
    assert is_refused("6", seconds_ago=HOUR)


def test_page_that_is_known_is_no_newer_than_the_registry_knows(registry):
    """The age in a page's id counts only if the registry does not know the page."""
    registry.subscribe(PAGE, ["a"], Grant(USER, clock.monotonic() - 2, {}))
    registry.end_user(USER, age=1000)

    assert registry.connect(PAGE, "1", USER, asked_at=clock.monotonic()).has_ended
