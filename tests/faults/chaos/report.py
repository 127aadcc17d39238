"""The report of a run."""

from __future__ import annotations

import statistics


def report(run):
    """Return what happened in a run, as text."""
    plan, pages = run.plan, run.pages
    pushed = sum(len(one.accepted) for one in run.numbers)
    lines = [
        f"seed {plan.seed}, {plan.pages} pages, {plan.browsers} browsers, {plan.channels} "
        f"channels, {plan.servers} servers, {'snapshots' if plan.snapshots else 'data kept'}",
        f"{sum(map(len, run.recoveries.values()))} faults survived in {run.broken_for:.0f} s",
        f"pushed {pushed}, repeated {sum(one.repeated for one in run.numbers)} times",
        f"delivered {sum(len(n) for page in pages for n in page.numbers.values())}, "
        f"repeats dropped {sum(page.repeats for page in pages)}",
        f"resumed {sum(page.resumes for page in pages)} times, told lost "
        f"{sum(len(n) for page in pages for n in page.lost.values())} times, "
        f"not known {sum(len(page.unknown) for page in pages)} times",
        f"longest gap {max(page.longest_gap for page in pages):.1f} s",
    ]
    if run.faults.drains:
        lines.append(
            f"servers stopped after {statistics.median(run.faults.drains):.1f} s "
            f"(worst {max(run.faults.drains):.1f})"
        )
    width = max(map(len, run.recoveries), default=0)
    lines += [f"{'fault':{width}}  times  recovered after s: median  worst"]
    lines += [
        f"{kind:{width}}  {len(times):5}  {statistics.median(times):25.2f}  {max(times):5.2f}"
        for kind, times in sorted(run.recoveries.items())
    ]
    return "\n".join(lines)
