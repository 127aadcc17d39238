"""Every registry: how far back a log reaches, and how long a channel is known."""

from dataclasses import replace

from flask_realtime.registries.records import ConnectionRecord, LogPage

from ..eventually import eventually

PLENTY = 10_000_000


def is_lost(registry, channel, cursor):
    return registry.read({channel: cursor}, PLENTY)[channel].lost


def test_history_is_capped_by_count(open_registry, fill):
    """A log keeps its newest entries, HISTORY_SIZE of them."""
    registry = open_registry(HISTORY_SIZE=3)

    positions = fill(registry, "a", 10)

    page = registry.read({"a": positions[7]}, PLENTY)["a"]
    assert [one.payload for one in page.publications] == ["8", "9", "10"]
    assert is_lost(registry, "a", positions[6])


def test_history_is_capped_by_bytes(open_registry, fill):
    """A log keeps its newest entries, up to HISTORY_BYTES."""
    registry = open_registry(HISTORY_BYTES=3000)

    positions = fill(registry, "a", 10, size=700)

    page = registry.read({"a": positions[8]}, PLENTY)["a"]
    assert [one.position for one in page.publications] == positions[9:]
    assert is_lost(registry, "a", positions[5])


def test_history_bytes_are_counted_anew_after_trimming(open_registry, fill):
    """Entries that were dropped do not count towards HISTORY_BYTES."""
    registry = open_registry(HISTORY_BYTES=3000)

    positions = fill(registry, "a", 200, size=200)

    page = registry.read({"a": positions[190]}, PLENTY)["a"]
    assert len(page.publications) == 10


def test_history_expires_as_a_whole(open_registry, fill, push):
    """After HISTORY_TTL_SECONDS without a push all entries are gone, and numbers go on."""
    registry = open_registry(HISTORY_TTL_SECONDS=1)
    positions = fill(registry, "a", 3)
    assert not is_lost(registry, "a", positions[0])

    eventually(lambda: is_lost(registry, "a", positions[2]))

    page = registry.read({"a": positions[0]}, PLENTY)["a"]
    assert page == LogPage((), positions[-1], lost=True, is_trimmed=True)
    following = registry.publish([push("a", '"next"')])[0]
    assert following.epoch == positions[-1].epoch
    assert following.seq == 4
    page = registry.read({"a": positions[-1]}, PLENTY)["a"]
    assert [one.before for one in page.publications] == [positions[-1]]


def test_history_that_expired_is_not_lost_to_one_who_had_it_all(open_registry, fill):
    """A client that had all entries before they expired is not told that messages are lost."""
    registry = open_registry(HISTORY_TTL_SECONDS=1)
    positions = fill(registry, "a", 3)

    eventually(lambda: is_lost(registry, "a", positions[0]))

    assert registry.read({"a": positions[-1]}, PLENTY)["a"] == LogPage((), positions[-1])


def test_history_lives_on_with_each_push(open_registry, fill, push):
    """Each push keeps all entries from expiring, even if nobody listens."""
    registry = open_registry(HISTORY_TTL_SECONDS=1)
    busy, quiet = fill(registry, "busy", 1), fill(registry, "quiet", 1)

    def quiet_is_lost_while_busy_goes_on():
        registry.publish([push("busy")])
        return is_lost(registry, "quiet", quiet[0])

    eventually(quiet_is_lost_while_busy_goes_on)

    assert not is_lost(registry, "busy", busy[0])


# Everything expires within seconds.
AT_ONCE = {
    "HISTORY_TTL_SECONDS": 1,
    "CONNECT_TIMEOUT_SECONDS": 1,
    "DISCONNECT_TIMEOUT_SECONDS": 1,
}


def test_channels_expire_and_begin_anew(open_registry, fill):
    """A channel that nobody uses is forgotten, and a new one of that name has another epoch."""
    registry = open_registry(**AT_ONCE)
    positions = fill(registry, "a", 3)
    assert registry.matching("*") == ["a"]

    eventually(lambda: registry.matching("*") == [])

    page = registry.read({"a": positions[-1]}, PLENTY)["a"]
    assert page.lost
    assert page.tail.seq == 0
    assert page.tail.epoch != positions[0].epoch


def test_channels_live_on_while_they_are_used(open_registry, fill, push):
    """A push, a subscription, or a refresh by a process that listens keeps a channel and its
    position."""
    registry = open_registry(**AT_ONCE)
    names = ("heard", "subscribed", "pushed", "idle")
    tails = {name: fill(registry, name, 1)[-1] for name in names}

    def idle_is_forgotten_while_others_are_used():
        registry.refresh([], ["heard"])
        registry.subscribe("digest-1", ["subscribed"])
        registry.publish([push("pushed")])
        return "idle" not in registry.matching("*")

    eventually(idle_is_forgotten_while_others_are_used)

    assert sorted(registry.matching("*")) == ["heard", "pushed", "subscribed"]
    pages = registry.read({"heard": None, "subscribed": None, "pushed": None}, 1)
    assert pages["heard"].tail == tails["heard"]
    assert pages["subscribed"].tail == tails["subscribed"]
    assert pages["pushed"].tail.epoch == tails["pushed"].epoch


def test_refresh_does_not_make_a_channel_anew(registry):
    """refresh() does not create a channel that is not known."""
    registry.refresh([], ["a"])

    assert registry.matching("*") == []


def test_channel_that_was_only_pushed_to_goes_with_its_log(open_registry, push):
    """An app uses a channel for each job, without subscribers. Such a channel is dropped with its
    log."""
    registry = open_registry(HISTORY_TTL_SECONDS=1)
    registry.publish([push("job:1")])
    assert registry.matching("*") == ["job:1"]

    eventually(lambda: registry.matching("*") == [])


def test_channel_of_a_page_that_never_came_goes_with_its_record(open_registry):
    """Somebody subscribes pages that never connect to forty thousand invented names. The channels
    are soon dropped, so pushes to patterns stay fast."""
    registry = open_registry(CONNECT_TIMEOUT_SECONDS=1)
    registry.subscribe("digest-1", ["made up"])
    assert registry.matching("*") == ["made up"]

    eventually(lambda: registry.matching("*") == [])


def test_channel_lives_as_long_as_a_client_may_come_back(open_registry, fill):
    """A log's position outlives its messages, so a page that has missed none is not told of a
    loss."""
    registry = open_registry(HISTORY_TTL_SECONDS=1, CONNECT_TIMEOUT_SECONDS=1)
    tail = fill(registry, "a", 3)[-1]
    registry.subscribe("digest-1", ["a"])
    registry.connect("digest-1", "1")
    registry.refresh([], ["a"])
    registry.forget_connection(ConnectionRecord("digest-1", "1", {"a": tail}))
    fill(registry, "another", 1)

    eventually(lambda: "another" not in registry.matching("*"))

    page = registry.read({"a": tail}, PLENTY)["a"]
    assert (page.tail, page.lost) == (tail, False)


def test_push_to_a_pattern_keeps_no_channel_alive(open_registry, push):
    """An app pushes to a pattern each minute. Invented channels expire all the same."""
    registry = open_registry(HISTORY_TTL_SECONDS=1, CONNECT_TIMEOUT_SECONDS=1)
    registry.subscribe("digest-1", ["made up"])

    def push_to_all():
        names = registry.matching("*")
        registry.publish([replace(push(name), by_pattern=True) for name in names])
        return not names

    eventually(push_to_all)
