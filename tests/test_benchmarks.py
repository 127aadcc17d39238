"""The benchmarks run; sizes are so small here that their figures mean nothing."""

import importlib.util

import pytest

from benchmarks import rivals
from benchmarks.compare import compare
from benchmarks.row import Line, Row, at_least, at_most
from benchmarks.rows import Scale, all_rows
from benchmarks.rows.fanout import bursts
from benchmarks.servers import environment
from benchmarks.table import report, table

RIVALS = {
    "ours": (rivals.ours, "flask_realtime"),
    "naive": (rivals.naive, "flask_sock"),
    "websockets": (rivals.websockets, "websockets"),
    "Flask-SocketIO": (rivals.socketio, "flask_socketio"),
    "Channels": (rivals.channels, "channels"),
}


@pytest.mark.parametrize("name", RIVALS)
def test_benchmark_measures_each_rival(name):
    """A burst of messages reaches each client of each rival, and uses CPU time."""
    make_rival, package = RIVALS[name]
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} comes with the extra 'benchmark'.")

    figures = bursts(make_rival(), clients=3, count=2, repeats=1)

    assert figures["speed"] > 0
    assert figures["cpu"] > 0
    assert figures["bytes"] > 100


def test_rows_have_the_contenders_that_their_lines_name():
    """Each line of the table names contenders that its row measures."""
    missing = [
        (row.name, contender)
        for row in all_rows(Scale(0.01)).values()
        for line in row.lines
        for contender in (line.of, *(line.goal.against if line.goal else ()))
        if contender not in row.contenders
    ]

    assert not missing


def test_table_says_whether_a_goal_is_reached():
    """The ratio in the table compares our median with the best median of the others."""
    row = Row(
        "some",
        "Some row",
        {},
        [
            Line("speed", "speed", at_least(3, "a", "b")),
            Line("speed", "bounded speed", at_most(40)),
        ],
    )
    seen = {"flask_realtime": [50, 1000, 60], "a": [10], "b": [30]}
    seen = {name: {"speed": values} for name, values in seen.items()}

    text = table([row], {"some": {"title": "Some row", "seen": seen}})

    assert "     - 60\n     - a 10; b 30\n     - 2 ✗\n     - ≥ 3\n" in text
    assert "     - 60\n     - a 10; b 30\n     - ✗\n     - ≤ 40\n" in text


def test_table_keeps_the_rows_that_were_not_measured_again():
    """One row is measured anew. The other keeps its lines, its notes and its machine."""
    lines = [Line("speed", "speed")]
    rows = [Row(name, f"Row {name}", {}, lines, notes=f"On {name}.") for name in ("a", "b")]

    def results(name, speed):
        machine = dict.fromkeys(("machine", "python", "packages"), "x")
        machine |= {"date": f"2026-01-0{speed}", "commit": "abc"}
        seen = {"flask_realtime": {"speed": [speed]}}
        return {name: {"title": f"Row {name}", "seen": seen, "machine": machine}}

    before = report(rows, {**results("a", 1), **results("b", 2)})

    after = report(rows, results("a", 3), before)

    changed = [line for line in after.splitlines() if line not in before.splitlines()]
    assert changed == ["     - 3", "2026-01-03 at abc: x; x; x."]
    assert report(rows, {}, before) == before
    assert "     - 2\n" in after


def test_row_goes_on_without_a_contender_that_fails():
    """A contender that fails is named, and has no figure in the table; the others are still
    measured."""

    def fail():
        raise ConnectionError("The server closed a socket.")

    said = []
    row = Row("some", "", {"a": fail, "flask_realtime": lambda: {"speed": 1.0}}, [])

    seen = row.run(2, said.append)

    assert seen == {"a": {}, "flask_realtime": {"speed": [1.0, 1.0]}}
    assert said[0] == "some 1/2 a failed: The server closed a socket."


def test_comparison_measures_the_package_of_both_checkouts(tmp_path):
    """Our contenders are measured equally often from each checkout, and others never."""
    measured = []

    def measure():
        measured.append("other" if str(tmp_path) in environment()["PYTHONPATH"] else "this")
        return {"speed": 2.0 if measured[-1] == "other" else 3.0}

    row = Row("some", "Some row", {"flask_realtime": measure, "rival": None}, [])

    text = compare([row], tmp_path, 2, print)

    assert measured == ["other", "this", "this", "other"]
    assert "flask_realtime, speed: 2 in the other, 3 in this, ratio 1.50 (of single" in text
