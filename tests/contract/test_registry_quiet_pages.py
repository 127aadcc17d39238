"""Every registry: pages without subscriptions, which the registry does not know, and the end of
their user."""

from flask_realtime.registries.records import ConnectionRecord, Grant
from flask_realtime.threads import clock

PAGE = "a" * 32 + "5" * 32
USER = "a%3Ab%40c"
HOUR = 3_600_000


def test_page_that_hears_nothing_comes_if_it_is_newer_than_the_end_of_its_user(registry):
    """The registry does not know such a page. The age in its id, or else its session, decides
    whether it may connect after a ban."""
    registry.connect(PAGE, "1", USER)
    registry.forget_connection(ConnectionRecord(PAGE, "1", {}))
    registry.end_user(USER, age=1000)

    def is_refused(name, age=None):
        arrival = registry.connect(PAGE, name, USER, age=age)
        if not arrival.has_ended:
            registry.forget_connection(ConnectionRecord(PAGE, name, {}))
        return arrival.has_ended

    assert is_refused("2", age=HOUR)
    assert not is_refused("3", age=0)
    assert not is_refused("4")
    registry.end_user(USER)
    assert is_refused("5")
    assert is_refused("6", age=HOUR)


def test_page_that_is_known_is_no_newer_than_the_registry_knows(registry):
    """The age in a page's id counts only if the registry does not know the page."""
    registry.subscribe(PAGE, ["a"], Grant(USER, clock.monotonic() - 2, {}))
    registry.end_user(USER, age=1000)

    assert registry.connect(PAGE, "1", USER, age=0).has_ended
