"""Removes one mechanism after another from a copy of the source, and prints which test fails first.

``python -m tests.faults.mutations [word ...]`` tries the mutations whose names contain one of the
words, or all of them, which takes an hour.
"""

from __future__ import annotations

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).parents[2]
# The tests that say most precisely what is wrong come first.
TESTS = ["tests/unit", "tests/contract", "tests/faults", "tests/integration"]
# This test would fail for every mutation, since it looks for the text that is taken out.
IGNORED = "--ignore=tests/faults/test_mutations.py"

#: Dicts with the name of a mutation, the file, the old text and the new text.
MUTATIONS = json.loads(pathlib.Path(__file__).with_suffix(".json").read_text())


def main(words):
    for one in MUTATIONS:
        if not words or any(word in one["name"] for word in words):
            print(f"{one['name']}: {try_out(one['file'], one['old'], one['new'])}", flush=True)


def try_out(file, old, new):
    """Replace *old* by *new* in a copy of the file, and run the tests there.

    :returns: the name of the test that failed first, or what else happened.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / "copy"
        ignored = shutil.ignore_patterns(".venv", ".git", "*_cache", "__pycache__")
        shutil.copytree(ROOT, copy, ignore=ignored)
        path = copy / "flask_realtime" / file
        text = path.read_text()
        if text.count(old) != 1:
            return f"NOT TRIED, {old!r} is there {text.count(old)} times"
        path.write_text(text.replace(old, new))
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", IGNORED]
        command += ["-m", "", *TESTS]
        done = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    if failed:
        return failed[0].split(" - ")[0]
    return "a test hangs" if done.returncode else "NOBODY NOTICES"


if __name__ == "__main__":
    main(sys.argv[1:])
