"""Names of keys and of pub/sub channels in Redis."""

import pytest

from flask_realtime.registries.redis.keys import RedisKeys


@pytest.mark.parametrize("name", ["room:1", "a{b}c", "}", "100%", "%7B", "%25{%}", "Zürich", "🙂"])
def test_channels_are_known_by_what_they_are_announced_on(name):
    """The channel is computed from the pub/sub name, without a table of all names."""
    keys = RedisKeys("realtime")

    assert keys.channel_of(keys.channel(name).announced_on) == name


@pytest.mark.parametrize("name", ["a{b}c", "}", "{}", ""])
def test_keys_of_one_channel_share_a_slot(name):
    """A brace in a channel's name does not end the part that Redis Cluster hashes."""
    keys = RedisKeys("realtime").channel(name)

    parts = {key.partition(b"{")[2].partition(b"}")[0] for key in keys}

    assert len(parts) == 1


def test_other_names_are_no_channels():
    """A name of another app's prefix, or of a process, is not taken for a channel."""
    keys = RedisKeys("realtime")

    assert keys.channel_of(keys.everyone) is None
    assert keys.channel_of(keys.process("p1")) is None
    assert keys.channel_of(RedisKeys("other").channel("room").announced_on) is None
