"""Servers die, links are cut, Redis restarts; every page has every message, in order, once."""

import asyncio
from itertools import islice

import pytest

from .chaos.plan import Plan, schedule
from .chaos.report import report
from .chaos.run import Run
from .chaos.verdict import complaints


@pytest.mark.parametrize("snapshots", [False, True], ids=["data kept", "gone back"])
def test_nothing_is_lost_whatever_dies(snapshots):
    """In the short form a few kinds of faults come once; ``make chaos`` runs for minutes.

    Where Redis goes back to an older snapshot, a page is told that something is lost.
    """
    plan = Plan(seed=1, seconds=10, pages=50, pause=0.3, snapshots=snapshots)

    run = asyncio.run(Run(plan, print).go())

    print(report(run))
    assert complaints(run) == []
    assert len(run.recoveries) >= 3


def test_the_same_seed_breaks_the_same_things():
    """A run that found something wrong can be had again."""
    kinds = ["one", "another", "a third"]

    first, again, other = (list(islice(schedule(Plan(seed=seed), kinds), 30)) for seed in (1, 1, 2))

    assert first == again != other
