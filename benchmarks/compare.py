"""Compares flask_realtime of this checkout with that of another one."""

from __future__ import annotations

import statistics

from .row import OURS, Row
from .servers import ROOT, of_checkout


def compare(rows, other, rounds, say):
    """Measure flask_realtime, but not its alternatives, with the packages of both checkouts.

    Each round measures both packages, in alternating order, so that a slow minute of the machine
    affects both.

    :param rows: the rows to measure.
    :param other: the folder of the other checkout, of which only the package is used.
    :param rounds: how often to measure each row.
    :param say: called with a line for each measurement.
    :returns: text with a line for each figure: both medians, their ratio, and the least and largest
        ratio of a single round.
    """
    lines = []
    for row in rows:
        ours = {name: run for name, run in row.contenders.items() if name.startswith(OURS)}
        seen = {"other": {}, "this": {}}
        for number in range(rounds):
            both = [("other", other), ("this", ROOT)]
            for name, folder in both if number % 2 == 0 else reversed(both):
                with of_checkout(folder):
                    found = Row(f"{row.name} of {name}", "", ours, []).run(1, say)
                _add(seen[name], found)
        lines += [f"{row.title}", *_lines(seen)]
    return "\n".join(lines)


def _add(seen, found):
    for contender, figures in found.items():
        for figure, values in figures.items():
            seen.setdefault((contender, figure), []).extend(values)


def _lines(seen):
    for key, before in seen["other"].items():
        now = seen["this"].get(key, [])
        if now:
            ratios = sorted(new / old for old, new in zip(before, now, strict=False) if old)
            old, new = statistics.median(before), statistics.median(now)
            spread = f"{ratios[0]:.2f} to {ratios[-1]:.2f}" if ratios else "none"
            ratio = f"{new / old:.2f}" if old else "none"
            yield (
                f"    {', '.join(key)}: {old:.4g} in the other, {new:.4g} in this, "
                f"ratio {ratio} (of single rounds {spread})"
            )
