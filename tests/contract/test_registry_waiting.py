"""Every registry: closing sockets, what waits for browsers, and health."""

from threading import Barrier, Thread

from flask_realtime.registries.records import Disconnect

from ..eventually import eventually


def test_end_tells_which_sockets_to_close(registry, heard):
    """By client, by session or by user, as asked for, and with which code."""
    registry.listen(["a"])

    orders = [
        Disconnect(digest="digest-1"),
        Disconnect(session="session-1", code=4001),
        Disconnect(user="a%3Ab"),
    ]
    for order in orders:
        registry.disconnect(order)

    heard.wait_for(lambda: len(heard.disconnected) == 3)
    assert heard.disconnected == orders


def test_end_is_told_to_every_process(registry, heard, other, heard_by_other):
    """A log-out served by one process closes the sockets of all."""
    registry.connect("digest-1", "1")
    other.connect("digest-1", "1")

    orders = [
        Disconnect(session="session-1", code=4001),
        Disconnect(digest="digest-1"),
        Disconnect(user="a%3Ab"),
    ]
    for order in orders:
        registry.disconnect(order)

    for recorder in (heard, heard_by_other):
        recorder.wait_for(lambda recorder=recorder: len(recorder.disconnected) == 3)
        assert recorder.disconnected == orders


def test_deposits_wait_in_order_until_collected(registry):
    """What is deposited for a client is collected once, in order, and only for that client."""
    registry.deposit("digest-1", "1")
    registry.deposit("digest-2", "é☃")
    registry.deposit("digest-1", "2")

    assert registry.connect("digest-1", "asks").waiting == ["1", "2"]
    assert registry.connect("digest-1", "asks").waiting == ["1", "2"]
    assert registry.collect("digest-1", "taker-1") == ["1", "2"]
    assert registry.collect("digest-1", "taker-2") == []
    assert registry.connect("digest-1", "asks").waiting == []
    assert registry.connect("digest-2", "asks").waiting == ["é☃"]


def test_deposits_are_collected_in_any_process(registry, other):
    """What one process deposited can be collected in another one."""
    registry.deposit("digest-1", "1")

    assert other.connect("digest-1", "asks").waiting == ["1"]
    assert other.collect("digest-1", "taker-1") == ["1"]
    assert registry.collect("digest-1", "taker-2") == []


def test_collect_gives_the_same_to_the_one_that_asks_again(registry):
    """A taker that asks again, because its answer was lost, gets the same items and those that came
    since."""
    registry.deposit("digest-1", "1")
    registry.collect("digest-1", "taker-1")
    registry.deposit("digest-1", "2")

    again = registry.collect("digest-1", "taker-1")

    assert again == ["1", "2"]
    assert registry.collect("digest-2", "taker-1") == []
    assert registry.collect("digest-1", "taker-2") == []


def test_deposits_are_capped(registry):
    """Only the last thousand items of a client are kept."""
    for number in range(1005):
        registry.deposit("d", str(number))

    assert registry.collect("d", "taker") == [str(number) for number in range(5, 1005)]


def test_deposits_expire(open_registry):
    """Items that no browser collects expire."""
    registry = open_registry(DISCONNECT_TIMEOUT_SECONDS=1)
    registry.deposit("digest-1", "1")
    assert registry.connect("digest-1", "asks").waiting == ["1"]

    eventually(lambda: registry.connect("digest-1", "asks").waiting == [])

    assert registry.collect("digest-1", "taker") == []


def test_collect_gives_all_to_one(registry):
    """Of two takers that collect at once, one gets everything and the other nothing."""
    for turn in range(30):
        for item in ("1", "2", "3"):
            registry.deposit("digest-1", item)
        together, collected = Barrier(2), []

        def collect(taker, together=together, collected=collected):
            together.wait()
            collected.append(registry.collect("digest-1", taker))

        threads = [Thread(target=collect, args=[f"taker-{turn}-{one}"]) for one in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(collected) == [[], ["1", "2", "3"]]


def test_deposits_made_at_once_all_wait(registry):
    """Items that are deposited at the same time are all kept."""

    def deposit(thread):
        for number in range(50):
            registry.deposit("digest-1", f"{thread} {number:02}")

    threads = [Thread(target=deposit, args=(thread,)) for thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    items = registry.collect("digest-1", "taker")
    assert len(items) == 200
    for thread in range(4):
        own = [item for item in items if item.startswith(f"{thread} ")]
        assert own == sorted(own) and len(own) == 50


def test_health_tells_that_the_registry_listens(registry, kind):
    """A registry that hears its channels says so, and says of which kind it is."""
    registry.listen(["a"])

    health = registry.health()

    assert health["registry"] == kind.partition("_")[0]
    assert health["reachable"] is True
    assert health["listening"] is True
    assert health["lag_seconds"] is None or 0 <= health["lag_seconds"] < 5
