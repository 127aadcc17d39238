"""Rules for the source code that a script can check."""

from __future__ import annotations

import ast
import functools
import gc
import pathlib
import re

ROOT = pathlib.Path(__file__).parents[2]
PACKAGE = ROOT / "flask_realtime"
UNIT = ROOT / "tests" / "unit"
MODULES = sorted(PACKAGE.rglob("*.py"))
BESIDE = sorted(
    path
    for folder in ("tests", "benchmarks", "examples")
    for path in (ROOT / folder).rglob("*.py")
    if "node_modules" not in path.parts
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
    found = tuple(ast.walk(ast.parse(path.read_text())))
    gc.freeze()  # The collector would look through all that was read again and again.
    return found


def name_of(path, root=ROOT):
    return path.relative_to(root).as_posix()


def attributes(path):
    """Return what a file takes from modules and objects, as in ``time.sleep``."""
    return {ast.unparse(node) for node in nodes(path) if isinstance(node, ast.Attribute)}


def assert_only(found, expected, rule):
    """Fail for what is *found* beyond the *expected* exceptions, and for an exception that is not
    found any more: the list may only get shorter."""
    assert sorted(set(found) - set(expected)) == [], rule
    assert sorted(set(expected) - set(found)) == [], "no exception any more: take it off the list"


# Files.

LINES = 300


def test_file_has_at_most_300_lines():
    """No file of the package, its tests, its benchmarks or its examples exceeds 300 lines."""
    longer = [
        name_of(path)
        for path in (*MODULES, *BESIDE, *OTHER_LANGUAGES)
        if len(path.read_text().splitlines()) > LINES
    ]

    assert_only(longer, (), f"longer than {LINES} lines: split it")


def test_module_has_unit_tests_of_its_own():
    """Each module of the package is tested by ``tests/unit/<room>/test_<module>.py``."""
    untested = [
        name_of(path, PACKAGE)
        for path in MODULES
        if path.name != "__init__.py"
        and not (UNIT / path.relative_to(PACKAGE)).with_name(f"test_{path.name}").exists()
    ]

    assert_only(untested, (), "add tests/unit/<room>/test_<module>.py")


DOCUMENT = ROOT / "docs" / "architecture.rst"


def test_document_for_maintainers_names_files_that_are_there():
    """Each file that ``docs/architecture.rst`` names exists."""
    named = re.findall(r"``([a-z_/]+\.(?:py|lua))``", DOCUMENT.read_text())
    folders = (PACKAGE, PACKAGE / "registries" / "redis")
    gone = {one for one in named if not any((folder / one).exists() for folder in folders)}

    assert len(named) > 50
    assert gone == set()


def test_commands_that_the_documents_name_are_there():
    """Each ``make`` target that a document names exists."""
    pages = [*ROOT.glob("*.rst"), *ROOT.glob("docs/*.rst")]
    named = {one for page in pages for one in re.findall(r"``make ([a-z-]+)", page.read_text())}
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert named
    assert named <= targets


# Names.

#: Names of other libraries that begin with an underscore.
FOREIGN = {"_cookies", "_exit", "_get_current_object", "_replace", "_sock"}
#: Private names of Flask's contexts that are the same in every supported version, or are asked for
#: first.
FOREIGN |= {"_after_request_functions", "_flashes", "_request", "_session"}
#: Private names of SQLAlchemy's sessions and Werkzeug's rules without a public alternative.
FOREIGN |= {"_flushing", "_converters"}


def test_module_touches_nothing_private_of_another():
    """A name with one leading underscore is used only in the module that defines it; unit tests may
    use those of their module."""
    touched = [
        f"{name_of(path)}: {name}"
        for path in (*MODULES, *BESIDE)
        if not (path in TESTS and UNIT in path.parents)
        for name in private(path) - defined(path) - FOREIGN
    ]

    assert_only(touched, (), "make it public, or use what is public")


def private(path):
    """Return the private names that a file takes from modules and objects."""
    names = {node.attr for node in nodes(path) if isinstance(node, ast.Attribute)}
    for node in nodes(path):
        if isinstance(node, ast.ImportFrom):
            names.update(one.name for one in node.names)
    return {name for name in names if name.startswith("_") and not name.startswith("__")}


def defined(path):
    """Return the names that a file defines, also on its own objects."""
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
    """The package's names use its own terms: "channel", not "topic"."""
    strange = [
        f"{name_of(path)}: {name}"
        for path in MODULES
        for name in {path.stem, *defined(path), *arguments(path)}
        if BANNED & set(name.lower().split("_"))
    ]

    assert_only(strange, (), "say channel, connection, or what it is")


def arguments(path):
    return {node.arg for node in nodes(path) if isinstance(node, ast.arg)}


# Processes, threads and clocks.

# gevent's patches replace these names; a module that has imported one before keeps the blocking
# one.
PATCHED = {"threading", "time", "selectors", "select", "socket", "ssl", "queue", "os", "subprocess"}
MADE_TOO_EARLY = {"Lock", "RLock", "Event", "Condition", "local", "DefaultSelector", "LifoQueue"}


def test_module_takes_nothing_that_gevent_patches_later():
    """``import threading`` finds the patched names when it uses them. ``from threading import
    Lock``, or a lock made at import, would block every greenlet of an app that patches later."""
    taken = [f"{name_of(path)}:{line}" for path in MODULES for line in taken_too_early(path)]

    assert_only(taken, (), "import the module, and make locks when they are first needed")


def taken_too_early(path):
    """Return the lines of a file that take names from a module which gevent patches later."""
    for node in nodes(path):
        if isinstance(node, ast.ImportFrom) and node.module in PATCHED and not node.level:
            yield node.lineno
    for node in ast.walk(ast.Module(list(module_level(ast.parse(path.read_text()))), [])):
        is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if is_call and node.func.attr in MADE_TOO_EARLY:
            yield node.lineno


def module_level(tree):
    """Return the statements that run at import, class bodies included."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            yield from module_level(node)
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


CLOCK = ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns")
#: The modules that may use each of these, and nobody else.
ONE_PLACE = {
    "threads/clock.py": {*(f"time.{name}" for name in CLOCK), "datetime.now"},
    "threads/background.py": {"threading.Thread", "threading.Timer", "_thread.start_new_thread"},
    "threads/fork.py": {"os.getpid"},
}
#: gunicorn recognises a worker by its parent's process.
ELSEWHERE = {"transport/servers.py: os.getpid"}


def test_threads_start_and_clocks_are_asked_in_one_place():
    """A thread started elsewhere would keep its starter's context, a clock asked elsewhere would
    not be moved by a test, and a fork noticed elsewhere would be forgotten somewhere."""
    found = [
        f"{name_of(path, PACKAGE)}: {used}"
        for path in MODULES
        for place, names in ONE_PLACE.items()
        for used in names & uses(path)
        if name_of(path, PACKAGE) != place
    ]

    assert_only(found, ELSEWHERE, f"use {', '.join(ONE_PLACE)}")


def test_what_is_taken_too_early_or_elsewhere_is_found(tmp_path):
    """The tests above find names that are called, passed on, or used in a class."""
    planted = tmp_path / "planted.py"
    planted.write_text(
        "import threading, time\n"
        "from time import sleep\n"
        "class Planted:\n"
        "    lock = threading.Lock()\n"
        "    thread: threading.Timer\n"
        "    def run(self):\n"
        "        threading.Thread(target=self.run).start()\n"
        "        return max(default=time.monotonic)\n"
    )

    assert sorted(taken_too_early(planted)) == [2, 4]
    used = set.union(*ONE_PLACE.values()) & uses(planted)
    assert used == {"threading.Thread", "time.monotonic"}


def uses(path):
    """Return what a file takes from modules, as ``module.name``, but not names in annotations."""
    types = [node.annotation for node in nodes(path) if isinstance(node, ast.AnnAssign)]
    named = {part for annotation in types for part in ast.walk(annotation)}
    return {
        ast.unparse(node)
        for node in nodes(path)
        if isinstance(node, ast.Attribute) and node not in named
    }


# Tests.

CLOCKS = {
    "asyncio.sleep",
    "threading.Timer",
    "time.monotonic",
    "time.perf_counter",
    "time.sleep",
    "time.time",
}
#: Test files that use a clock, and why.
TIMED = {
    "tests/contract/test_registry_subscriptions.py": "a moment that is still to come, as data",
    "tests/unit/threads/test_clock.py": "what it tests",
}


def test_test_waits_for_events_and_not_for_time():
    """A test waits with :func:`tests.eventually.eventually`, and neither sleeps nor measures: on a
    loaded machine everything takes longer than its author saw."""
    timed = [name_of(path) for path in TESTS if CLOCKS & attributes(path)]

    assert_only(timed, TIMED, "wait for an event")


def test_test_has_a_docstring():
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
