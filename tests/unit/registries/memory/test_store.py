"""All that a single process keeps."""

from flask_realtime.config.settings import Config
from flask_realtime.protocol.pushes import Push
from flask_realtime.registries.memory.store import USES_PER_TIDYING, MemoryStore
from flask_realtime.threads import clock


def test_store_drops_what_has_expired_every_so_many_uses(monkeypatch):
    """Expired data is dropped at some uses, a part at a time."""
    store = MemoryStore(Config(history_ttl_seconds=10))
    now = [1000.0]
    monkeypatch.setattr(clock, "monotonic", lambda: now[0])
    store.logs.append(Push("a", "1", None), store.tidy())
    now[0] += 11

    for _ in range(USES_PER_TIDYING):
        store.tidy()

    assert not store.drop_expired(now[0])
    assert store.logs.names() == []


def test_store_delivers_what_is_heard_alone():
    """A push to a channel without listeners wakes no thread."""
    store = MemoryStore(Config())
    delivered = []
    store.delivery = type("Delivery", (), {"put": lambda _, one: delivered.append(one.channel)})()
    store.heard.add("a")

    for channel in ("a", "b"):
        _, publication = store.logs.append(Push(channel, "1", None), 0)
        store.deliver(publication)

    assert delivered == ["a"]
