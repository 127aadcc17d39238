"""A dict whose entries live for a fixed time after their last touch."""

from flask_realtime.registries.expiring import ExpiringDict


def test_expiring_keeps_an_entry_for_its_time():
    """An entry exists until its time is over."""
    entries = ExpiringDict(10)

    entries.put("a", 1, now=100)

    assert entries.get("a", now=109.9) == 1
    assert entries.get("a", now=110) is None
    assert entries.get("b", now=100) is None


def test_expiring_lets_a_touched_entry_live_on():
    """Putting an entry again renews its time and its value."""
    entries = ExpiringDict(10)
    entries.put("a", 1, now=100)

    entries.put("a", 2, now=105)

    assert entries.get("a", now=114) == 2
    assert entries.pop_expired(now=114, most=9) == []


def test_expiring_pops_an_entry_that_lives():
    """pop() returns a living entry and removes it, and finds no expired one."""
    entries = ExpiringDict(10)
    entries.put("a", 1, now=100)
    entries.put("b", 2, now=100)

    assert entries.pop("a", now=101) == 1
    assert entries.pop("a", now=101) is None
    assert entries.pop("b", now=110) is None
    assert len(entries) == 0


def test_expiring_drops_what_expired_first():
    """Expired entries are dropped in the order of their times, a limited number at once."""
    entries = ExpiringDict(10)
    for now, key in enumerate("abcd"):
        entries.put(key, key.upper(), now=now)
    entries.put("a", "A", now=9)

    assert entries.pop_expired(now=12, most=1) == ["B"]
    assert entries.pop_expired(now=12, most=9) == ["C"]
    assert entries.keys(now=12) == ["d", "a"]
    assert len(entries) == 2


def test_expiring_names_only_what_lives():
    """An expired key that nobody dropped yet is not named."""
    entries = ExpiringDict(10)
    entries.put("a", 1, now=100)
    entries.put("b", 2, now=105)

    assert entries.keys(now=112) == ["b"]


def test_expiring_pops_the_oldest():
    """What was put first, or touched longest ago, goes, whether it has expired or not."""
    entries = ExpiringDict(10)
    for now, key in enumerate("ab"):
        entries.put(key, key, now=now)
    entries.put("a", "a", now=2)

    entries.pop_oldest()

    assert entries.keys(now=3) == ["a"]
