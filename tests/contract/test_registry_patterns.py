"""Every registry: pushes to patterns, which go to thousands of channels."""

from dataclasses import replace

from flask_realtime.protocol.pushes import make_pushes


def to_pattern(registry, pattern, payload='"hi"', push_id="id"):
    return make_pushes(payload, [pattern], registry.matching, push_id)


def known(registry, *names):
    """Have channels that a page is subscribed to."""
    registry.subscribe("somebody", names)


def test_pattern_reaches_each_channel_once(registry, heard):
    """A push to a pattern adds one message to each log, and a repeat adds none."""
    known(registry, "a:1", "a:2", "b:1")
    registry.listen(["a:1", "a:2", "b:1"])
    pushes = to_pattern(registry, "a:*")

    first = registry.publish(pushes)
    again = registry.publish(pushes)

    assert first == again
    assert sorted(push.channel for push in pushes) == ["a:1", "a:2"]
    assert [position.seq for position in first] == [1, 1]
    registry.publish([replace(pushes[0], push_id="another", payload='"end"')])
    heard.wait_for_payload('"end"')
    assert sorted(heard.payloads("a:1") + heard.payloads("a:2")) == ['"end"', '"hi"', '"hi"']


def test_pattern_reaches_thousands_of_channels(open_registry):
    """Thousands of channels are reached in steps, and in each log the message follows the earlier
    ones."""
    registry = open_registry(MAX_CHANNELS_PER_PAGE=5000)
    names = [f"row:{number}" for number in range(2500)]
    known(registry, *names)
    before = registry.read(dict.fromkeys(names[:3]), 1)

    positions = registry.publish(to_pattern(registry, "row:*"))

    assert len(positions) == 2500
    pages = registry.read({name: page.tail for name, page in before.items()}, 1000)
    assert [[one.payload for one in page.publications] for page in pages.values()] == [['"hi"']] * 3


def test_names_and_patterns_in_one_call_keep_their_order(registry, fill, push):
    """A channel gets a push by name, one by pattern and one by name again, in that order."""
    start = fill(registry, "a", 1)[-1]
    pushes = [push("a", "1"), *to_pattern(registry, "*", "2"), push("a", "3")]

    positions = registry.publish(pushes)

    assert [position.seq for position in positions] == [2, 3, 4]
    page = registry.read({"a": start}, 1000)["a"]
    assert [one.payload for one in page.publications] == ["1", "2", "3"]
