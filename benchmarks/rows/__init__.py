"""The rows of the table, in order."""

from __future__ import annotations

from dataclasses import dataclass

from . import (
    calls,
    fanout,
    fragments,
    handshakes,
    herd,
    hostile,
    html,
    many,
    memory,
    redis_latency,
    redis_pushes,
    resuming,
    subscribing,
    threads,
)


@dataclass(frozen=True)
class Scale:
    """A factor for the sizes of all measurements; 1.0 is the full size."""

    factor: float = 1.0

    def of(self, size, least):
        return max(least, int(size * self.factor))


def all_rows(scale):
    """Return the rows by name."""
    modules = (
        fanout, memory, many, html, fragments, herd, calls, handshakes, subscribing, resuming,
        hostile, redis_latency, redis_pushes, threads,
    )  # fmt: skip
    return {row.name: row for module in modules for row in module.rows(scale)}
