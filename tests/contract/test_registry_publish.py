"""Every registry: what publishing promises."""

from itertools import pairwise
from threading import Thread

from flask_realtime.protocol.pushes import Push
from flask_realtime.protocol.routes import Route


def test_publish_counts_without_holes(registry, push):
    """The positions of a channel count 1, 2, 3 in one epoch, and each has its own tag."""
    positions = registry.publish([push("a"), push("a"), push("a")])
    positions += registry.publish([push("a")])

    assert [position.seq for position in positions] == [1, 2, 3, 4]
    assert len({position.epoch for position in positions}) == 1
    assert len({position.tag for position in positions}) == 4
    assert all(position.tag for position in positions)


def test_publish_counts_each_channel_for_itself(registry, push):
    """A push to one channel leaves no hole in another, and their epochs differ."""
    one, other, two = registry.publish([push("a"), push("b"), push("a")])

    assert (one.seq, other.seq, two.seq) == (1, 1, 2)
    assert one.epoch == two.epoch != other.epoch


def test_publications_are_delivered_in_order(registry, heard, push):
    """Publications arrive in order, with the positions that publish() returned."""
    registry.listen(["a"])
    pushes = [push("a", str(number)) for number in range(100)]

    positions = registry.publish(pushes[:50])
    for one in pushes[50:]:
        positions += registry.publish([one])

    heard.wait_for(lambda: len(heard.publications) == 100)
    assert heard.payloads() == [str(number) for number in range(100)]
    assert [one.position for one in heard.publications] == positions
    assert {one.channel for one in heard.publications} == {"a"}


def test_publications_name_the_tag_before_them(registry, heard, push):
    """Each publication carries the tag of the entry before it, live and in the log; the first
    carries an empty one."""
    start = registry.read({"a": None}, 1)["a"].tail
    registry.listen(["a"])

    positions = registry.publish([push("a"), push("a"), push("a")])

    heard.wait_for(lambda: len(heard.publications) == 3)
    tags = [one.previous_tag for one in heard.publications]
    assert tags == ["", positions[0].tag, positions[1].tag]
    assert heard.publications[0].before == start
    assert list(registry.read({"a": start}, 10_000)["a"].publications) == heard.publications


def test_publish_takes_a_push_id_once(registry, heard, push):
    """A repeated push returns the position of the first one, and is delivered once."""
    registry.listen(["a"])
    first = push("a", "1", push_id="same")

    positions = registry.publish([first, push("a", "2"), first])
    positions += registry.publish([push("a", "3", push_id="same")])

    registry.publish([push("a", "4")])
    heard.wait_for_payload("4")
    assert heard.payloads() == ["1", "2", "4"]
    assert [position.seq for position in positions] == [1, 2, 1, 1]
    assert len(set(positions)) == 2


def test_push_ids_are_remembered_for_each_channel(registry, push):
    """One push id can be used for one message on two channels."""
    one, other = registry.publish([push("a", push_id="same"), push("b", push_id="same")])

    assert one.seq == other.seq == 1
    assert one != other


def test_a_push_without_an_id_is_nobodys_repeat(registry):
    """Two pushes without an id are two messages, even with the same payload."""
    first, second = registry.publish([Push("a", "1", None), Push("a", "1", None)])

    assert (first.seq, second.seq) == (1, 2)


def test_push_ids_outlive_their_entries(open_registry, push):
    """A repeated push is recognised even after its entry was trimmed."""
    registry = open_registry(HISTORY_SIZE=1)
    first, _, _ = registry.publish([push("a", push_id="same"), push("a"), push("a")])

    again, following = registry.publish([push("a", push_id="same"), push("a")])

    assert again == first
    assert following.seq == 4


def test_publications_to_one_client_name_it(registry, heard, push):
    """A publication for one client names that client, live and in the log."""
    start = registry.read({"a": None}, 1)["a"].tail
    registry.listen(["a"])

    registry.publish([push("a", route=Route(to="digest-1")), push("a")])

    heard.wait_for(lambda: len(heard.publications) == 2)
    assert [one.route.to for one in heard.publications] == ["digest-1", ""]
    page = registry.read({"a": start}, 10_000)["a"]
    assert [one.route.to for one in page.publications] == ["digest-1", ""]


def test_payloads_arrive_as_they_were(registry, heard, push):
    """Payloads and channel names arrive unchanged, whatever characters they have."""
    channel = 'Zürich ☃ {a}:b[1]"\\'
    payloads = ['{"a": [1.50, "é\\u00e9 \\n\U0001f600"]}', '""', "null", '"' + "x" * 300_000 + '"']
    start = registry.read({channel: None}, 1)[channel].tail
    registry.listen([channel])

    registry.publish([push(channel, payload) for payload in payloads])

    heard.wait_for(lambda: len(heard.publications) == len(payloads))
    assert heard.payloads(channel) == payloads
    page = registry.read({channel: start}, 10_000_000)[channel]
    assert [one.payload for one in page.publications] == payloads


def test_listen_delivers_what_comes_after_it(registry, heard, push):
    """A process hears what is published after listen(), and nothing from before it."""
    registry.publish([push("a", "1"), push("b", "1")])

    registry.listen(["a"])
    registry.publish([push("a", "2"), push("b", "2"), push("a", "3")])

    heard.wait_for_payload("3")
    assert heard.payloads() == ["2", "3"]


def test_listen_adds_to_what_is_heard(registry, heard, push):
    """listen() adds channels, and changes nothing for those that are heard already."""
    registry.listen(["a", "b"])
    registry.listen(["b", "c"])

    registry.publish([push("a", "1"), push("b", "2"), push("c", "3")])

    heard.wait_for_payload("3")
    assert heard.payloads() == ["1", "2", "3"]


def test_ignore_ends_delivery(registry, heard, push):
    """A channel is not heard after ignore(), and others still are."""
    registry.listen(["a", "b"])
    registry.ignore(["a", "never heard"])
    registry.listen(["c"])  # Redis confirms this after the ignore().

    registry.publish([push("a", "1"), push("b", "2")])

    heard.wait_for_payload("2")
    assert heard.payloads() == ["2"]


def test_listen_wins_over_an_earlier_ignore(registry, heard, push):
    """A channel is heard after listen(), even if an earlier ignore() takes effect late."""
    registry.listen(["a"])
    for number in range(20):
        registry.ignore(["a"])
        registry.listen(["a"])
        registry.publish([push("a", str(number))])

    heard.wait_for_payload("19")
    assert heard.payloads() == [str(number) for number in range(20)]


def test_matching_takes_all_but_the_asterisk_literally(registry, push):
    """Only the asterisk is special in a pattern."""
    names = ["a.b", "axb", "a+[b]", "aab", "a?c", "a\\", "\\a", "a^$", "b.a"]
    registry.publish([push(name) for name in names])

    assert set(registry.matching("a.*")) == {"a.b"}
    assert set(registry.matching("a+[b]*")) == {"a+[b]"}
    assert set(registry.matching("a?*")) == {"a?c"}
    assert set(registry.matching("a\\*")) == {"a\\"}
    assert set(registry.matching("\\*")) == {"\\a"}
    assert set(registry.matching("*b*")) == {"a.b", "axb", "a+[b]", "aab", "b.a"}
    assert sorted(registry.matching("*")) == sorted(names)


def test_matching_knows_channels_that_were_only_subscribed_to(registry):
    """A pattern finds a channel to which nothing was pushed yet."""
    registry.subscribe("digest-1", ["room:1", "hall:1"])

    assert registry.matching("room:*") == ["room:1"]


def test_publish_keeps_order_among_many_threads(registry, heard, push):
    """When eight threads push at once, nothing is lost, repeated or delivered out of order."""
    start = registry.read({"a": None}, 1)["a"].tail
    registry.listen(["a"])

    publish_from_threads(registry, push, threads=8, count=500)

    heard.wait_for(lambda: len(heard.publications) == 4000)
    check_order(heard.publications, start, threads=8, count=500)
    assert len(heard.threads) == 1


def test_every_process_hears_the_same_order(registry, heard, other, heard_by_other, push):
    """What two processes push at once arrives in the same order in both."""
    start = registry.read({"a": None}, 1)["a"].tail
    registry.listen(["a"])
    other.listen(["a"])
    elsewhere = Thread(target=publish_from_threads, args=(other, push, 4, 250, 4))

    elsewhere.start()
    publish_from_threads(registry, push, threads=4, count=250)
    elsewhere.join()

    heard.wait_for(lambda: len(heard.publications) == 2000)
    heard_by_other.wait_for(lambda: len(heard_by_other.publications) == 2000)
    check_order(heard.publications, start, threads=8, count=250)
    assert heard.publications == heard_by_other.publications


def publish_from_threads(registry, push, threads, count, first=0):
    def run(thread):
        for number in range(count):
            registry.publish([push("a", f"[{thread}, {number}]")])

    running = [Thread(target=run, args=(first + thread,)) for thread in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()


def check_order(publications, start, threads, count):
    assert publications[0].before == start
    assert all(two.before == one.position for one, two in pairwise(publications))
    for thread in range(threads):
        own = [one.payload for one in publications if one.payload.startswith(f"[{thread},")]
        assert own == [f"[{thread}, {number}]" for number in range(count)]


def test_publish_keeps_what_an_entry_is_and_whom_it_skips(registry, heard, push):
    """The kind of an entry, and the clients that it leaves out, are the same live and in the
    log."""
    start = registry.read({"a": None}, 1000)["a"].tail
    registry.listen(["a"])
    route = Route("html", but_for="digest-1")

    registry.publish([push("a", payload="[]", route=route)])

    heard.wait_for(lambda: heard.publications)
    page = registry.read({"a": start}, 1000)["a"]
    assert [one.route for one in (*heard.publications, *page.publications)] == [route, route]


def test_announce_reaches_who_listens_and_no_log(registry, heard, push):
    """An ephemeral push reaches listeners, has no position, and does not change the log."""
    start = registry.read({"a": None}, 1000)["a"].tail
    registry.listen(["a"])

    registry.announce([push("a", payload='"psst é"', route=Route(but_for="digest-1"))])
    registry.publish([push("a")])

    heard.wait_for(lambda: len(heard.publications) == 2)
    passing, logged = heard.publications
    assert passing.is_ephemeral and not logged.is_ephemeral
    assert (passing.payload, passing.route.but_for) == ('"psst é"', "digest-1")
    page = registry.read({"a": start}, 1000)["a"]
    assert [one.position for one in page.publications] == [logged.position]
    assert logged.position.seq == start.seq + 1


def test_announce_on_a_channel_that_nobody_knows_makes_none(registry, push):
    """An ephemeral push does not create a channel."""
    registry.announce([push("nobody")])

    assert registry.matching("nobody*") == []
