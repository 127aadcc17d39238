"""The benchmarks, at a size at which their figures say nothing."""

import importlib.util

import pytest

from benchmarks import rivals
from benchmarks.compare import compare
from benchmarks.row import Line, Row, at_least, at_most
from benchmarks.rows import Scale, all_rows
from benchmarks.rows.fanout import bursts
from benchmarks.servers import environment
from benchmarks.table import table

RIVALS = {
    "ours": (rivals.ours, "flask_realtime"),
    "naive": (rivals.naive, "flask_sock"),
    "websockets": (rivals.websockets, "websockets"),
    "Flask-SocketIO": (rivals.socketio, "flask_socketio"),
    "Channels": (rivals.channels, "channels"),
}


@pytest.mark.parametrize("name", RIVALS)
def test_benchmark_measures_each_rival(name):
    """A burst reaches each client of a rival, and costs it something."""
    make_rival, package = RIVALS[name]
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} comes with the extra 'benchmark'.")

    figures = bursts(make_rival(), clients=3, count=2, repeats=1)

    assert figures["speed"] > 0
    assert figures["cpu"] > 0
    assert figures["bytes"] > 100


def test_rows_have_the_contenders_that_their_lines_name():
    """Each line of the table finds what it is of, and what it is compared with."""
    missing = [
        (row.name, contender)
        for row in all_rows(Scale(0.01)).values()
        for line in row.lines
        for contender in (line.of, *(line.goal.against if line.goal else ()))
        if contender not in row.contenders
    ]

    assert not missing


def test_table_says_whether_a_goal_is_reached():
    """The ratio is that of the medians, to the best of those that it is against."""
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


def test_row_goes_on_without_a_contender_that_fails():
    """One that does not stand what others do is named, and stands in the table without a figure."""

    def fail():
        raise ConnectionError("The server closed a socket.")

    said = []
    row = Row("some", "", {"a": fail, "flask_realtime": lambda: {"speed": 1.0}}, [])

    seen = row.run(2, said.append)

    assert seen == {"a": {}, "flask_realtime": {"speed": [1.0, 1.0]}}
    assert said[0] == "some 1/2 a failed: The server closed a socket."


def test_comparison_measures_the_package_of_both_checkouts(tmp_path):
    """What is ours is measured as often from each checkout, and what is not ours never."""
    measured = []

    def measure():
        measured.append("other" if str(tmp_path) in environment()["PYTHONPATH"] else "this")
        return {"speed": 2.0 if measured[-1] == "other" else 3.0}

    row = Row("some", "Some row", {"flask_realtime": measure, "rival": None}, [])

    text = compare([row], tmp_path, 2, print)

    assert measured == ["other", "this", "this", "other"]
    assert "flask_realtime, speed: 2 in the other, 3 in this, ratio 1.50 (of single" in text
