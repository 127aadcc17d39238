"""Servers die, links are cut, Redis restarts; every page has every message, in order, once."""

import asyncio
from itertools import islice

import pytest

from tests.eventually import DEADLINE

from .chaos.browsers import has_node
from .chaos.plan import Plan, schedule
from .chaos.report import report
from .chaos.run import Run
from .chaos.verdict import complaints

FAULTS = 5


# Of these seeds the first faults are quick ones, of all that can be broken: clients, their links,
# servers, the links to Redis, and Redis itself.
@pytest.mark.parametrize(
    ("snapshots", "seed"), [(False, 53384), (True, 29730)], ids=["data kept", "gone back"]
)
def test_nothing_is_lost_whatever_dies(snapshots, seed):
    """In the short form five kinds of faults come once; ``make chaos`` runs for minutes.

    Where Redis goes back to an older snapshot, a page is told that something is lost.
    """
    plan = Plan(
        seed=seed,
        seconds=0,
        faults=FAULTS,
        pages=40,
        browsers=10 if has_node() else 0,
        pause=0.3,
        settle=DEADLINE,
        snapshots=snapshots,
    )

    run = asyncio.run(Run(plan, print).go())

    print(report(run))
    assert complaints(run) == []
    assert len(run.recoveries) == FAULTS


def test_the_same_seed_breaks_the_same_things():
    """A run that found something wrong can be had again."""
    kinds = ["one", "another", "a third"]

    first, again, other = (list(islice(schedule(Plan(seed=seed), kinds), 30)) for seed in (1, 1, 2))

    assert first == again != other
