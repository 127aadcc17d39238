"""The values that settings may have, by kind."""

from __future__ import annotations

import pytest

from flask_realtime.config import kinds


def refuses(kind, value):
    try:
        kind.read(value)
    except ValueError:
        return True
    return False


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (kinds.boolean(), [True, False], [0, 1, "true", None]),
        (kinds.stamp_pages(), [True, False, "used"], [0, 1, "true", "always", None]),
        (kinds.integer(1), [1, 2**53], [0, 1.0, True, "1", None]),
        (kinds.integer(1, or_none=True), [None, 1], [0, False]),
        (kinds.number(0.1, 10), [0.1, 1, 10], [0, 11, True, "1", float("nan"), None]),
        (kinds.number(0.1, 10, or_none=True), [None, 1], [0]),
        (kinds.path(), ["/", "/socket", "/a/b.c"], ["", "socket", "/a b", "/<x>", "//a", 7]),
        (
            kinds.redis(),
            ["redis://a", "redis://a/", "rediss://a:1/15?db=2", "unix:///run/a.sock?db=2", None],
            ["redis://a/shop", "redis://a/0/1", "redis://a/-1", "redis://a/0#1", "redis://a#1"],
        ),
        (kinds.redis_prefix(), ["realtime", "a:b"], ["", "a b", "{a}", "x" * 101, None]),
    ],
    ids=lambda one: one.type if isinstance(one, kinds.Kind) else "",
)
def test_kind_keeps_good_values_and_refuses_others(kind, good, bad):
    """A valid value is kept unchanged, and one that only looks valid is refused."""
    assert [kind.read(value) for value in good] == good
    assert [value for value in bad if not refuses(kind, value)] == []
