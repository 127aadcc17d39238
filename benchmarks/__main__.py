"""Measures flask_realtime and its alternatives, and prints a table.

``python -m benchmarks [row ...]`` measures the rows that are named, or all of them. A run at full
size keeps its results in ``build/benchmarks.json``, and ``--write`` puts all kept results into the
table of docs/benchmarks.rst, whose other rows stay as they are.

``python -m benchmarks --short`` takes minutes: one round at a tenth of the size. It shows that each
row works, but says little about how fast anything is.

``python -m benchmarks bursts paced --with ../before --rounds 5`` compares two checkouts: only
flask_realtime is measured, in turn from this checkout and from the one in ``../before``.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import resource
import sys
import time

from . import cores
from .compare import compare
from .machine import describe
from .rows import Scale, all_rows
from .table import report

RESULTS = pathlib.Path(__file__).parents[1] / "build" / "benchmarks.json"
DOCUMENT = pathlib.Path(__file__).parents[1] / "docs" / "benchmarks.rst"
BEGIN, END = ".. benchmarks\n", ".. end of benchmarks\n"
SHORT = 0.1


def main():
    options = _options()
    rows = all_rows(Scale(SHORT if options.short else options.scale))
    rounds = 1 if options.short else options.rounds
    _prepare()
    if options.other is not None:
        chosen = [rows[name] for name in options.rows or rows]
        print(compare(chosen, options.other, rounds, _say))
        return
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    new = {}
    for name in options.rows or rows:
        new[name] = _measure(rows[name], rounds)
        if _is_full(options):
            kept[name] = new[name]
            RESULTS.parent.mkdir(exist_ok=True)
            RESULTS.write_text(json.dumps(kept, indent=1) + "\n")
    print(report(list(rows.values()), new))
    if options.write:
        _write(list(rows.values()), kept)


def _options():
    names = list(all_rows(Scale()))
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "rows",
        nargs="*",
        metavar="row",
        help=f"rows to measure (default: all): {', '.join(names)}",
    )
    parser.add_argument(
        "--rounds", type=int, default=3, help="rounds to measure, whose median counts (3)"
    )
    parser.add_argument("--scale", type=float, default=1.0, help="a factor for all sizes (1.0)")
    parser.add_argument("--short", action="store_true", help="one round at a tenth of the size")
    parser.add_argument(
        "--write",
        action="store_true",
        help="put all kept results into the table of docs/benchmarks.rst",
    )
    parser.add_argument(
        "--with",
        dest="other",
        type=pathlib.Path,
        metavar="CHECKOUT",
        help="compare this checkout with another one",
    )
    options = parser.parse_args()
    if options.other is not None and not (options.other / "flask_realtime").is_dir():
        parser.error(f"there is no folder {options.other / 'flask_realtime'}")
    for name in options.rows:
        if name not in names:
            parser.error(f"there is no row {name!r}; there are {', '.join(names)}")
    return options


def _is_full(options):
    return not options.short and options.scale == 1.0


def _prepare():
    cores.pin(cores.CLIENT)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _measure(row, rounds):
    began, machine = time.monotonic(), describe()
    seen = row.run(rounds, _say)
    _say(f"{row.name}: {time.monotonic() - began:.0f} s")
    return {"title": row.title, "machine": machine, "seen": seen}


def _write(rows, results):
    above, _, rest = DOCUMENT.read_text().partition(BEGIN)
    before, _, below = rest.partition(END)
    DOCUMENT.write_text(f"{above}{BEGIN}\n{report(rows, results, before)}\n{END}{below}")


def _say(text):
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
