"""The table of results, as reStructuredText."""

from __future__ import annotations

import re

from .row import OURS, medians

HEAD = ("what", "flask_realtime", "others", "ratio", "goal")
# A row of a report: its title, and the lines of the table behind it.
_ROW = re.compile(r"^   \* - \*\*(.+)\*\*\n((?:   [ *].*\n)*?)(?=   \* - \*\*|\n|\Z)", re.MULTILINE)
_MACHINE = re.compile(r"^\d{4}-\d\d-\d\d at .+: .+\.$", re.MULTILINE)


def table(rows, results, before=""):
    """Return a list-table of the *results* of *rows*.

    :param before: an earlier report, which has the rows that *results* lack.
    """
    lines = [".. list-table::", "   :header-rows: 1", "   :widths: 30 12 38 10 10", ""]
    lines += _cells(HEAD)
    known = dict(_ROW.findall(before))
    for row in rows:
        if row.name in results:
            result = results[row.name]
            lines += _cells((f"**{result['title']}**", "", "", "", ""))
            for line in row.lines:
                lines += _cells(_line(line, medians(result["seen"])))
        elif row.title in known:
            lines += [f"   * - **{row.title}**", *known[row.title].splitlines()]
    return "\n".join(lines) + "\n"


def report(rows, results, before=""):
    """Return the table, the notes of its rows, and descriptions of the machines that were used.

    :param before: an earlier report, which has the rows that *results* lack.
    """
    known = dict(_ROW.findall(before))
    shown = [row for row in rows if row.name in results or row.title in known]
    text = [table(rows, results, before)]
    text += [f"{row.title}: {row.notes}\n" for row in shown if row.notes]
    machines = [f"{one}\n" for one in _MACHINE.findall(before)]
    new = _machines([results[row.name]["machine"] for row in rows if row.name in results])
    text += dict.fromkeys([*machines, *new])
    return "\n".join(text)


def _line(line, seen):
    value = seen.get(line.of, {}).get(line.figure)
    if value is None:
        return (line.what, "", "", "", "")
    ratio, goal = "", ""
    if line.goal is not None:
        reached, goal = _reached(line, value, seen), str(line.goal)
        if reached is not None:
            mark = "✓" if line.goal.is_met(reached) else "✗"
            ratio = f"{_number(reached)} {mark}" if line.goal.against else mark
    return (line.what, _number(value), _beside(line, seen), ratio, goal)


def _reached(line, value, seen):
    """Return the number that the goal bounds; None if all other contenders have failed."""
    goal = line.goal
    if not goal.against:
        return value
    against = [seen[name].get(goal.figure or line.figure) for name in goal.against]
    against = [one for one in against if one is not None]
    if not against:
        return None
    return value / (min(against) if goal.is_most else max(against))


def _beside(line, seen):
    goal = line.goal
    own = []
    if goal is not None and goal.figure is not None:
        own = [f"HTTP {_number(seen[name][goal.figure])}" for name in goal.against]
    against = goal.against if goal is not None else ()
    shown = [
        f"{name} {_number(figures[line.figure])}"
        for name, figures in seen.items()
        if name != line.of
        and line.figure in figures
        and not (goal is not None and goal.figure is not None and name in against)
        and (name in against or not name.startswith(OURS))
    ]
    return "; ".join(own + shown)


def _machines(machines):
    """Return a sentence for each machine, with the dates and the commits."""
    groups = {}
    for machine in machines:
        what = "; ".join(machine[key] for key in ("machine", "python", "packages"))
        groups.setdefault(what, set()).add(f"{machine['date']} at {machine['commit']}")
    return [f"{', '.join(sorted(when))}: {what}.\n" for what, when in groups.items()]


def _cells(cells):
    first, *rest = cells
    return [f"   * - {first}".rstrip(), *(f"     - {cell}".rstrip() for cell in rest)]


def _number(value):
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
