"""Every registry: when clients are forgotten."""

from flask_realtime.registries.records import ConnectionRecord

from ..eventually import eventually


def is_known(registry, digest):
    return registry.subscriptions([digest])[digest] is not None


def test_a_page_that_never_connects_is_forgotten(open_registry):
    """A client without a connection is forgotten after CONNECT_TIMEOUT_SECONDS."""
    registry = open_registry(CONNECT_TIMEOUT_SECONDS=1)
    registry.subscribe("digest-1", ["a"])
    assert is_known(registry, "digest-1")

    eventually(lambda: not is_known(registry, "digest-1"))

    assert registry.connect("digest-1", "1").subscriptions is None


def test_each_subscription_gives_a_page_more_time_to_connect(open_registry):
    """The time to connect counts from the last subscription."""
    registry = open_registry(CONNECT_TIMEOUT_SECONDS=1)
    registry.subscribe("rendering", ["a"])
    registry.subscribe("rendered", ["a"])

    def one_is_forgotten_while_the_other_subscribes():
        registry.subscribe("rendering", ["b"])
        return not is_known(registry, "rendered")

    eventually(one_is_forgotten_while_the_other_subscribes)

    assert set(registry.subscriptions(["rendering"])["rendering"]) == {"a", "b"}


def test_a_connected_client_outlives_the_time_to_connect(open_registry):
    """A client that was ever connected has DISCONNECT_TIMEOUT_SECONDS after its last connection,
    even if it subscribes meanwhile."""
    registry = open_registry(CONNECT_TIMEOUT_SECONDS=1)
    for digest in ("connected", "disconnected", "changed"):
        registry.subscribe(digest, ["a"])
        registry.connect(digest, "1")
    registry.forget_connection(ConnectionRecord("disconnected", "1", {}))
    registry.forget_connection(ConnectionRecord("changed", "1", {}))
    registry.subscribe("changed", ["b"])
    registry.subscribe("never came", ["a"])

    eventually(lambda: not is_known(registry, "never came"))

    assert is_known(registry, "connected")
    assert is_known(registry, "disconnected")
    assert is_known(registry, "changed")


def test_a_client_that_stays_away_is_forgotten(open_registry):
    """A client is forgotten DISCONNECT_TIMEOUT_SECONDS after its last connection closed."""
    registry = open_registry(DISCONNECT_TIMEOUT_SECONDS=1)
    registry.subscribe("digest-1", ["a"])
    registry.connect("digest-1", "1")

    registry.forget_connection(ConnectionRecord("digest-1", "1", {}))
    assert is_known(registry, "digest-1")

    eventually(lambda: not is_known(registry, "digest-1"))


def test_the_time_to_come_back_counts_from_the_close(open_registry):
    """The time to come back counts from the close of the last connection, not from its opening."""
    registry = open_registry(DISCONNECT_TIMEOUT_SECONDS=2)
    for digest in ("first", "second"):
        registry.subscribe(digest, ["a"])
        registry.connect(digest, "1")
    clock = open_registry(CONNECT_TIMEOUT_SECONDS=1)
    clock.subscribe("a second", ["a"])

    eventually(lambda: not is_known(clock, "a second"))
    registry.forget_connection(ConnectionRecord("second", "1", {}))
    eventually(lambda: not is_known(registry, "first"))

    assert is_known(registry, "second")


def test_refresh_keeps_connected_clients(open_registry):
    """A client stays known as long as its connection is refreshed."""
    registry = open_registry(DISCONNECT_TIMEOUT_SECONDS=1)
    for digest in ("refreshed", "crashed"):
        registry.subscribe(digest, ["a"])
        registry.connect(digest, "1")

    def one_is_forgotten_while_the_other_is_refreshed():
        registry.refresh([ConnectionRecord("refreshed", "1", {})], ["a"])
        return not is_known(registry, "crashed")

    eventually(one_is_forgotten_while_the_other_is_refreshed)

    assert set(registry.subscriptions(["refreshed"])["refreshed"]) == {"a"}


def test_a_client_that_was_forgotten_begins_anew(open_registry):
    """A client that was forgotten and subscribes again has only its new subscriptions."""
    registry = open_registry(CONNECT_TIMEOUT_SECONDS=1)
    registry.subscribe("digest-1", ["a"])

    eventually(lambda: not is_known(registry, "digest-1"))
    registry.subscribe("digest-1", ["b"])

    assert set(registry.subscriptions(["digest-1"])["digest-1"]) == {"b"}
