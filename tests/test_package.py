"""What is installed, and what the source may hold."""

from __future__ import annotations

import ast
import doctest
import pathlib
import subprocess
import sys
import zipfile

import pytest

from . import lowest

ROOT = pathlib.Path(__file__).parents[1]
PACKAGE = ROOT / "flask_realtime"
# Under gevent's patches these names change; who took one before keeps the blocking one.
PATCHED = {"threading", "time", "selectors", "select", "socket", "ssl", "queue", "os", "subprocess"}
MADE_TOO_EARLY = {"Lock", "RLock", "Event", "Condition", "local", "DefaultSelector", "LifoQueue"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The files of a wheel that was built from this source."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", folder, ROOT],
        check=True,
        capture_output=True,
    )
    (path,) = folder.glob("*.whl")
    return set(zipfile.ZipFile(path).namelist())


def test_wheel_holds_all_that_the_package_reads(wheel):
    """Scripts for Redis and for the browser, and the mark that says it is typed, come along."""
    needed = {
        path.relative_to(ROOT).as_posix()
        for path in PACKAGE.rglob("*")
        if path.suffix in (".py", ".lua", ".js", ".ts", ".typed")
    }

    assert needed <= wheel
    assert {"flask_realtime/py.typed", "flask_realtime/registries/redis/lua/append.lua"} <= wheel
    assert not [name for name in wheel if name.startswith(("tests", "examples"))]


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.stem)
def test_module_takes_nothing_that_gevent_patches_later(path):
    """``import threading`` finds what is patched at its use; ``from threading import Lock``, or a
    lock made at import, would block every greenlet of an app that patches after us."""
    tree = ast.parse(path.read_text())

    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert node.module not in PATCHED or node.level, f"line {node.lineno}"
    for node in ast.walk(ast.Module(list(module_level(tree)), [])):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assert node.func.attr not in MADE_TOO_EARLY, f"line {node.lineno}"


# The one module that may use each of these.
CLOCK = {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns"}
ONE_PLACE = {"threads/clock.py": {("time", name) for name in CLOCK} | {("datetime", "now")}}
ONE_PLACE["threads/background.py"] = {
    ("threading", "Thread"),
    ("threading", "Timer"),
    ("_thread", "start_new_thread"),
}

# A package that does not keep to it yet.
NOT_YET = ("session/",)


@pytest.mark.parametrize("place", ONE_PLACE)
def test_there_is_one_place_that_starts_threads_and_one_that_asks_the_time(place):
    """A thread started elsewhere would keep its starter's context, and a clock asked elsewhere
    would not be moved by a test."""
    found = [
        f"{name}:{line}"
        for name, line, used in uses(PACKAGE)
        if used in ONE_PLACE[place] and name != place and not name.startswith(NOT_YET)
    ]

    assert not found


def test_a_thread_or_a_clock_in_the_wrong_place_is_found(tmp_path):
    """What the test above looks for is seen, called or only handed on."""
    (tmp_path / "planted.py").write_text(
        "import threading, time\n"
        "def run():\n"
        "    threading.Thread(target=run).start()\n"
        "    return max(default=time.monotonic)\n"
    )

    assert sorted(uses(tmp_path)) == [
        ("planted.py", 3, ("threading", "Thread")),
        ("planted.py", 4, ("time", "monotonic")),
    ]


def uses(root):
    """Each ``module.name`` in the files below *root* that :data:`ONE_PLACE` knows: file, line and
    the pair. What a variable's type is called starts nothing."""
    for path in sorted(root.rglob("*.py")):
        nodes = list(ast.walk(ast.parse(path.read_text())))
        types = [node.annotation for node in nodes if isinstance(node, ast.AnnAssign)]
        named = {part for annotation in types for part in ast.walk(annotation)}
        for node in nodes:
            if node in named:
                continue
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                used = (node.value.id, node.attr)
                if any(used in one for one in ONE_PLACE.values()):
                    yield path.relative_to(root).as_posix(), node.lineno, used


def module_level(tree):
    """The statements that run at import, class bodies included."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            yield from module_level(node)
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def test_lowest_versions_are_those_that_setup_cfg_allows(capsys):
    """What make test-lowest installs is read from setup.cfg, each requirement's lower bound."""
    lowest.main()

    printed = capsys.readouterr().out.split()
    assert doctest.testmod(lowest) == (0, 1)
    assert {"flask==2.3.3", "werkzeug==2.3.7", "gunicorn==22"} <= set(printed)
