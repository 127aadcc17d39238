"""The long form: ``python -m tests.faults.chaos --seconds 300 --seed 7``."""

import argparse
import asyncio
import sys

from .run import Plan, Run

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--seconds", type=float, default=120)
parser.add_argument("--clients", type=int, default=200)
parser.add_argument("--snapshots", action="store_true", help="Redis goes back to older snapshots")
options = parser.parse_args()
run = asyncio.run(Run(Plan(**vars(options))).go())
print(run.report())
complaints = run.complaints()
for one in complaints[:20]:
    print("WRONG:", one)
print("nothing lost, nothing twice" if not complaints else f"{len(complaints)} complaints")
sys.exit(bool(complaints))
