"""What the source may hold: the rules of the house that a script can check."""

from __future__ import annotations

import ast
import functools
import pathlib

ROOT = pathlib.Path(__file__).parents[2]
PACKAGE = ROOT / "flask_realtime"
UNIT = ROOT / "tests" / "unit"
MODULES = sorted(PACKAGE.rglob("*.py"))
BESIDE = sorted(
    path for folder in ("tests", "benchmarks", "examples") for path in (ROOT / folder).rglob("*.py")
)
TESTS = [path for path in BESIDE if path.name.startswith("test_")]
OTHER_LANGUAGES = sorted(
    path
    for pattern in ("flask_realtime/**/*.js", "flask_realtime/**/*.lua", "tests/**/*.*js")
    for path in ROOT.glob(pattern)
    if "node_modules" not in path.parts
)


@functools.cache
def nodes(path):
    return tuple(ast.walk(ast.parse(path.read_text())))


def name_of(path, root=ROOT):
    return path.relative_to(root).as_posix()


def attributes(path):
    """What a file takes from modules and objects, as it stands there: ``time.sleep``."""
    return {ast.unparse(node) for node in nodes(path) if isinstance(node, ast.Attribute)}


def assert_only(found, expected, rule):
    """Fail for what is *found* beside the *expected* exceptions, and for an exception that is none
    any more: their list gets shorter only."""
    assert sorted(set(found) - set(expected)) == [], rule
    assert sorted(set(expected) - set(found)) == [], "no exception any more: take it off the list"


# Files.

LINES = 300
LONGER = {
    "tests/contract/test_registry_clients.py",
    "tests/js/client.test.js",
    "tests/js/connection.test.js",
    "tests/unit/config/test_settings.py",
    "tests/unit/hub/test_reconciler.py",
    "tests/unit/messages/test_call_route.py",
    "tests/unit/messages/test_conversation.py",
    "tests/unit/page/test_page.py",
    "tests/unit/session/test_view.py",
    "tests/unit/test_extension.py",
}


def test_file_is_read_in_one_sitting():
    """No file of the package, its tests, its benchmarks or its examples exceeds 300 lines."""
    longer = [
        name_of(path)
        for path in (*MODULES, *BESIDE, *OTHER_LANGUAGES)
        if len(path.read_text().splitlines()) > LINES
    ]

    assert_only(longer, LONGER, f"longer than {LINES} lines: split it")


#: Modules without unit tests of their own: other tests run them.
UNTESTED = """
version.py
page/client.py
registries/records.py
registries/memory/clients.py
registries/redis/address.py registries/redis/clients.py
registries/redis/pool.py registries/redis/probe.py
registries/redis/scripts.py
session/changes.py
"""


def test_module_has_unit_tests_of_its_own():
    """Each module of the package is tested by ``tests/unit/<room>/test_<module>.py``."""
    untested = [
        name_of(path, PACKAGE)
        for path in MODULES
        if path.name != "__init__.py"
        and not (UNIT / path.relative_to(PACKAGE)).with_name(f"test_{path.name}").exists()
    ]

    assert_only(untested, UNTESTED.split(), "add tests/unit/<room>/test_<module>.py")


# Names.

#: Names of other libraries that begin with an underscore.
FOREIGN = {"_cookies", "_exit", "_get_current_object", "_replace", "_sock"}
#: Of Flask's contexts, which are the same in every version that is supported, or are asked for.
FOREIGN |= {"_after_request_functions", "_flashes", "_request", "_session"}


def test_module_touches_nothing_private_of_another():
    """A name with one underscore before it is used only in the module that defines it; only unit
    tests may look into what they test."""
    touched = [
        f"{name_of(path)}: {name}"
        for path in (*MODULES, *BESIDE)
        if not (path in TESTS and UNIT in path.parents)
        for name in private(path) - defined(path) - FOREIGN
    ]

    assert_only(touched, (), "make it public, or use what is public")


def private(path):
    """The private names that a file takes from modules and objects."""
    names = {node.attr for node in nodes(path) if isinstance(node, ast.Attribute)}
    for node in nodes(path):
        if isinstance(node, ast.ImportFrom):
            names.update(one.name for one in node.names)
    return {name for name in names if name.startswith("_") and not name.startswith("__")}


def defined(path):
    """The names that a file defines, on its own objects too."""
    names = set()
    for node in nodes(path):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("self", "cls"):
            names.add(node.attr)
    return names


#: Words for a channel, a connection or a module that the house does not use.
BANNED = {"topic", "topics", "broadcast", "conn", "utils", "helpers", "common", "manager"}


def test_name_is_made_of_our_words():
    """What others call a topic is a channel in each name of the package."""
    strange = [
        f"{name_of(path)}: {name}"
        for path in MODULES
        for name in {path.stem, *defined(path), *arguments(path)}
        if BANNED & set(name.lower().split("_"))
    ]

    assert_only(strange, (), "say channel, connection, or what it is")


def arguments(path):
    return {node.arg for node in nodes(path) if isinstance(node, ast.arg)}


# Processes.

ASK_ELSEWHERE = {
    "transport/servers.py",
}


def test_forks_are_noticed_in_one_place():
    """Only ``threads/fork.py`` asks in which process it is."""
    asking = [
        name_of(path, PACKAGE)
        for path in MODULES
        if "os.getpid" in attributes(path) and path.name != "fork.py"
    ]

    assert_only(asking, ASK_ELSEWHERE, "use flask_realtime.threads.fork")


# Tests.

CLOCKS = {
    "asyncio.sleep",
    "threading.Timer",
    "time.monotonic",
    "time.perf_counter",
    "time.sleep",
    "time.time",
}
#: Test files that use a clock, and what for.
TIMED = {
    "tests/contract/test_registry_clients.py": "a moment that is still to come, as data",
    "tests/unit/threads/test_clock.py": "what it tests",
}


def test_test_waits_for_events_and_not_for_time():
    """A test waits with :func:`tests.eventually.eventually`, and neither sleeps nor measures: on a
    loaded machine everything takes longer than its author saw."""
    timed = [name_of(path) for path in TESTS if CLOCKS & attributes(path)]

    assert_only(timed, TIMED, "wait for an event")


def test_test_says_what_is_true():
    """Each test has a docstring."""
    silent = [
        f"{name_of(path)}: {node.name}"
        for path in TESTS
        for node in nodes(path)
        if isinstance(node, ast.FunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]

    assert_only(silent, (), "say in a sentence what is true")
