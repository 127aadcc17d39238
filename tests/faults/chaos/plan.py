"""How large a run is, and what it breaks when; the same seed gives the same schedule."""

from __future__ import annotations

import random
from dataclasses import dataclass, field


@dataclass
class Plan:
    """How large a run is.

    :param seed: the seed of all random numbers.
    :param seconds: for how long things are broken, at least.
    :param faults: how many things are broken, at least.
    :param pages: clients in Python, which speak the bundled client's protocol.
    :param browsers: bundled clients, in Node.
    :param snapshots: whether Redis goes back to older snapshots; otherwise it keeps its data.
    :param pace: pushes per second and channel.
    :param pause: seconds between two faults, on average.
    :param patience: a factor for the times that servers wait for Redis, and clients in Python wait
        for servers. On a machine under load, the usual times would be too short for ever.
    :param settle: the seconds that clients have to catch up after a fault, and at the end.
    """

    seed: int = 1
    seconds: float = 20.0
    faults: int = 0
    pages: int = 200
    browsers: int = 0
    channels: int = 20
    servers: int = 3
    snapshots: bool = False
    pace: float = 10.0
    pause: float = 1.5
    patience: float = 1.0
    settle: float = 60.0
    environ: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """One fault of a schedule.

    :param pause: seconds before it.
    :param kind: which fault.
    :param part: a number from 0 to 1, from which the fault chooses its details.
    """

    pause: float
    kind: str
    part: float


def schedule(plan, kinds):
    """Yield the steps of *plan* without end, each kind equally often, in random order."""
    chance = random.Random(f"schedule of {plan.seed}")
    while True:
        for kind in chance.sample(kinds, len(kinds)):
            yield Step(chance.random() * 2 * plan.pause, kind, chance.random())
