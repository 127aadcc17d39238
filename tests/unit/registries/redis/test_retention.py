"""How much a log in Redis keeps."""

from flask_realtime.config.settings import Config
from flask_realtime.registries.redis.retention import Retention, milliseconds


def test_retention_is_written_as_the_scripts_read_it():
    """The text has the numbers of entries, bytes and milliseconds."""
    config = Config(history_size=10, history_bytes=2000, history_ttl_seconds=1.5)

    assert str(Retention.of(config)) == "10:2000:1500"


def test_time_is_never_nothing():
    """The time is at least 1 ms, because Redis deletes a key with 0 ms at once."""
    assert [milliseconds(seconds) for seconds in (0.0001, 0.01, 2)] == [1, 10, 2000]
