"""Runs the chaos suite for a while: ``python -m tests.faults.chaos --seconds 300 --seed 7``."""

import argparse
import asyncio
import sys

from .browsers import has_node
from .plan import Plan
from .report import report
from .run import Run
from .verdict import complaints

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--seconds", type=float, default=120)
parser.add_argument("--faults", type=int, default=0, help="at least so many")
parser.add_argument("--pages", type=int, default=150)
parser.add_argument("--browsers", type=int, default=50 if has_node() else 0)
parser.add_argument("--snapshots", action="store_true", help="Redis goes back to older snapshots")
parser.add_argument("--verbose", action="store_true", help="say what is broken")
options = vars(parser.parse_args())
say = print if options.pop("verbose") else lambda line: None
run = asyncio.run(Run(Plan(**options), say).go())
print(report(run))
found = complaints(run)
for one in found[:20]:
    print("WRONG:", one)
print("nothing lost, nothing twice" if not found else f"{len(found)} complaints")
sys.exit(bool(found))
