"""Takes one mechanism after another out of a copy of the source, and sees its test fail.

``python -m tests.faults.mutations [word ...]`` tries the mutations whose names contain one of the
words, or all of them, which takes some minutes. The test that a mutation names has to pass as the
source is, and to fail without the mechanism. A test that passes without it is told of, and makes
the command fail.

``--search [--within PATH ...] [word ...]`` runs all tests instead, or those within the paths, and
prints each that fails without the mechanism, the quickest first: for the test of a new mutation.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import queue
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

ROOT = pathlib.Path(__file__).parents[2]
# This test would fail for every mutation, since it looks for the text that is taken out.
IGNORED = "--ignore=tests/faults/test_mutations.py"
#: Seconds that a test waits for an event, most of which do not come without a mechanism.
DEADLINE_SECONDS = 20
#: Seconds after which a test that hangs has failed.
TEST_SECONDS = 60
#: Tests at a time: the machine that this is for has two cores.
AT_ONCE = 2
#: How the message of a failure begins that says what is wrong: what was asserted, what did not come
#: in time, or an error of ours or of Redis that came instead. Any other failure may be a fault of
#: the mutation or of the test.
TELLING = (
    "assert ",
    "AssertionError",
    "Failed: ",
    "TimeoutError",
    "_queue.Empty",
    "flask_realtime.",
    "redis.exceptions.",
    "simple_websocket.",
)

#: Dicts with the name of a mutation, the file, the old text, the new text, and the test that fails.
MUTATIONS = json.loads(pathlib.Path(__file__).with_suffix(".json").read_text())

_mtimes = count(1_000_000_000)


@dataclass(frozen=True)
class Outcome:
    """How one test went: *failure* is the message of its failure, "" if it passed."""

    test: str
    failure: str
    seconds: float

    @property
    def is_telling(self) -> bool:
        return self.failure.startswith(TELLING)


def main() -> int:
    parser = argparse.ArgumentParser("python -m tests.faults.mutations", description=__doc__)
    parser.add_argument("words", nargs="*", help="parts of the names of mutations")
    parser.add_argument("--search", action="store_true", help="find the tests that fail")
    parser.add_argument("--within", action="append", help="where to search: a file or a folder")
    given = parser.parse_args()
    chosen = [
        one
        for one in MUTATIONS
        if not given.words or any(word in one["name"] for word in given.words)
    ]
    if given.search:
        return _search(chosen, given.within or ["tests"])
    return _check(chosen)


def _check(chosen: list[dict[str, str]]) -> int:
    """Run the test of each mutation, first as the source is and then without the mechanism.

    :returns: the exit status: 1 if a mutation was not noticed.
    """
    named = sorted({one["test"] for one in chosen})
    with _copies() as copies:
        unbroken = run(next(copies), named, "-n", str(AT_ONCE))
    for outcome in unbroken:
        if outcome.failure:
            print(f"FAILS AS THE SOURCE IS: {outcome.test}: {outcome.failure}", flush=True)
    noticed = 0
    for one, outcomes in _try_each(chosen, lambda one: [one["test"]], "-x"):
        verdict = _verdict(one["test"], outcomes, unbroken)
        noticed += verdict == "noticed"
        print(f"{one['name']}: {verdict}", flush=True)
    print(f"{noticed} of {len(chosen)} mutations were noticed.")
    return int(noticed != len(chosen))


def _verdict(test: str, outcomes: list[Outcome] | str, unbroken: list[Outcome]) -> str:
    """Say whether a test noticed the missing mechanism, by its outcomes with and without it."""
    if isinstance(outcomes, str):
        return outcomes
    before = [each for each in unbroken if _is_of(each.test, test)]
    if not (before and outcomes):
        return f"NOT SHOWN, {test} did not run"
    if any(each.failure for each in before):
        return f"NOT SHOWN, {test} fails as the source is"
    failed = [each for each in outcomes if each.failure]
    if not failed:
        return f"PASSES WITHOUT IT: {test}"
    if not any(each.is_telling for each in failed):
        return f"FAILS OTHERWISE, {test}: {failed[0].failure}"
    return "noticed"


def _is_of(test: str, named: str) -> bool:
    """Whether *test* is *named*, or one of its parameters, or stands in the file named."""
    return test == named or test.startswith((f"{named}[", f"{named}::"))


def _search(chosen: list[dict[str, str]], paths: list[str]) -> int:
    for one, outcomes in _try_each(chosen, lambda _: paths):
        print(f"{one['name']}:", flush=True)
        if isinstance(outcomes, str):
            print(f"    {outcomes}")
            continue
        failed = sorted((each for each in outcomes if each.failure), key=lambda each: each.seconds)
        for each in failed or [Outcome("NOBODY NOTICES", "", 0.0)]:
            print(f"    {each.seconds:.1f} s {each.test}: {each.failure[:100]}", flush=True)
    return 0


def _try_each(
    chosen: list[dict[str, str]], tests_of: Callable[[dict[str, str]], list[str]], *options: str
) -> Iterator[tuple[dict[str, str], list[Outcome] | str]]:
    """Run tests without each mechanism.

    :returns: the mutations, each with how its tests went, or why it was not tried.
    """
    places: queue.SimpleQueue[pathlib.Path] = queue.SimpleQueue()

    def try_out(one: dict[str, str]) -> list[Outcome] | str:
        copy = places.get()
        try:
            with _without(one, copy / "flask_realtime" / one["file"]) as is_fit:
                if not is_fit:
                    return f"NOT TRIED, {one['old']!r} does not stand once in {one['file']}"
                return run(copy, tests_of(one), *options)
        finally:
            places.put(copy)

    with _copies() as copies, ThreadPoolExecutor(AT_ONCE) as threads:
        for _ in range(AT_ONCE):
            places.put(next(copies))
        yield from zip(chosen, threads.map(try_out, chosen), strict=True)


@contextmanager
def _copies() -> Iterator[Iterator[pathlib.Path]]:
    """Copies of the source, which are deleted in the end."""
    with tempfile.TemporaryDirectory() as folder:
        yield (_copy(pathlib.Path(folder) / str(number)) for number in count())


def _copy(place: pathlib.Path) -> pathlib.Path:
    ignored = shutil.ignore_patterns(".venv*", ".git", "*_cache", "__pycache__", "node_modules")
    shutil.copytree(ROOT, place, ignore=ignored)
    modules = ROOT / "tests/js/node_modules"
    if modules.exists():
        (place / "tests/js/node_modules").symlink_to(modules.resolve())
    return place


@contextmanager
def _without(one: dict[str, str], path: pathlib.Path) -> Iterator[bool]:
    """Take the mechanism out of the file until the block ends; yield False if the text to replace
    has changed."""
    text = path.read_text()
    if text.count(one["old"]) != 1:
        yield False
        return
    _write(path, text.replace(one["old"], one["new"]))
    try:
        yield True
    finally:
        _write(path, text)


def _write(path: pathlib.Path, text: str) -> None:
    path.write_text(text)
    # Python takes a compiled file for the present one by the source's size and whole second.
    moment = next(_mtimes)
    os.utime(path, (moment, moment))


def run(copy: pathlib.Path, tests: list[str], *options: str) -> list[Outcome]:
    """Run *tests* in *copy*, those marked as long too.

    :returns: how each went; none for a test that does not exist.
    """
    report = copy / "report.xml"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", IGNORED, "-m", ""]
    command += ["-o", "junit_family=xunit1", f"--junitxml={report}", f"--timeout={TEST_SECONDS}"]
    command += [*options, *tests]
    # PYTHONPATH: the servers that a test starts are to import the copy too.
    env = {**os.environ, "PYTHONPATH": str(copy), "TEST_DEADLINE_SECONDS": str(DEADLINE_SECONDS)}
    subprocess.run(
        [*command, *options, *tests], cwd=copy, env=env, capture_output=True, check=False
    )
    if not report.exists():
        return []
    return [_outcome(case) for case in ET.parse(report).iter("testcase")]


def _outcome(case: ET.Element) -> Outcome:
    inner = case.get("classname", "").removeprefix(_module(case)).strip(".")
    test = "::".join(part for part in (case.get("file", ""), inner, case.get("name")) if part)
    if (failed := case.find("failure")) is not None:
        failure = failed.get("message") or "it failed"
    elif (error := case.find("error")) is not None:
        failure = f"an error around the test: {error.get('message')}"
    else:
        failure = ""
    return Outcome(test, failure, float(case.get("time", 0)))


def _module(case: ET.Element) -> str:
    return case.get("file", "").removesuffix(".py").replace("/", ".")


if __name__ == "__main__":
    sys.exit(main())
