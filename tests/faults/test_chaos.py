"""Servers die, links are cut, Redis restarts; every page has every message, in order, once."""

import asyncio

import pytest

from .chaos.run import Plan, Run


@pytest.mark.parametrize("snapshots", [False, True], ids=["data kept", "gone back"])
def test_nothing_is_lost_whatever_dies(snapshots):
    """In the short form each kind of fault comes once; ``make chaos`` runs for minutes.

    Where Redis goes back to an older snapshot, a page is told that something is lost.
    """
    plan = Plan(seed=1, seconds=11, clients=50, pause=0.3, snapshots=snapshots)

    run = asyncio.run(Run(plan).go())

    print(run.report())
    assert run.complaints() == []
    assert len(run.faults) >= 5
