"""Servers die, links break, Redis restarts, and every page gets every message, in order, once."""

import asyncio
from itertools import islice
from types import SimpleNamespace

import pytest

from tests.eventually import DEADLINE

from .chaos.browsers import has_node
from .chaos.client import load_all
from .chaos.plan import Plan, schedule
from .chaos.report import report
from .chaos.run import Run
from .chaos.verdict import complaints, tracebacks

FAULTS = 5


# With these seeds the first five faults are quick ones, and each breaks something else: a server,
# the links of clients, the links to Redis, or Redis itself.
@pytest.mark.parametrize(
    ("snapshots", "seed"), [(False, 53384), (True, 29730)], ids=["data kept", "gone back"]
)
def test_nothing_is_lost_whatever_dies(snapshots, seed):
    """Five kinds of faults come once each, and no page has a gap or a repeat.

    ``make chaos`` breaks things for minutes. When Redis goes back to an older snapshot, pages are
    told that messages are lost.
    """
    plan = Plan(
        seed=seed,
        seconds=0,
        faults=FAULTS,
        pages=20,
        browsers=5 if has_node() else 0,
        pace=4,
        pause=0.3,
        patience=3,
        settle=DEADLINE,
        snapshots=snapshots,
    )

    run = asyncio.run(Run(plan, print).go())

    print(report(run))
    assert complaints(run) == []
    assert len(run.recoveries) == FAULTS


def test_the_same_seed_breaks_the_same_things():
    """Two runs with the same seed have the same faults, so that a run can be repeated."""
    kinds = ["one", "another", "a third"]

    first, again, other = (list(islice(schedule(Plan(seed=seed), kinds), 30)) for seed in (1, 1, 2))

    assert first == again != other


def test_registry_that_is_away_is_no_complaint_and_any_other_error_is():
    """A view that pushes while Redis is away raises RegistryUnavailable, which is no fault."""
    head = (
        'Exception on /push [POST]\nTraceback (most recent call last):\n  File "app.py", line 1\n'
    )

    assert list(tracebacks(f"{head}flask_realtime.errors.RegistryUnavailable: Redis\n")) == []
    (told,) = tracebacks(f"{head}ValueError: no\n")
    assert told.startswith("ValueError: no behind ")


def test_page_that_redis_answers_too_late_is_loaded_again():
    """A page is rendered without its subscriptions, since Redis is slow: a browser would reload it.
    The run does so, and does not take it for a client that was forgotten."""
    logs, loads = [""], []

    class Slow:
        async def load(self):
            loads.append(self)
            if len(loads) == 1:
                logs[0] += "Page 17 is rendered without being subscribed, and reloads."

    page = Slow()
    asyncio.run(load_all([page], [SimpleNamespace(log=lambda: logs[0])]))

    assert loads == [page, page]
