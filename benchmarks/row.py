"""The rows of the table: what each of them measures, and the goals of its figures."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

#: The name of the contender whose figure a line shows, unless the line says otherwise.
OURS = "flask_realtime"
NAIVE = "flask-sock loop"
SOCKETIO = "Flask-SocketIO"
WEBSOCKETS = "websockets"
CHANNELS = "Channels"

Figures = Mapping[str, float]


@dataclass(frozen=True)
class Goal:
    """The goal of a figure.

    :param bound: the bound of the figure, or of its ratio to the same figure of other contenders.
    :param is_most: whether the bound is an upper one.
    :param against: the names of these contenders, of which the best counts; empty if the bound is
        that of the figure itself.
    :param figure: the figure of these contenders to compare with; None: the one of the same name.
    """

    bound: float
    is_most: bool
    against: Sequence[str] = ()
    figure: str | None = None

    def __str__(self) -> str:
        return f"{'≤' if self.is_most else '≥'} {self.bound:g}"

    def is_met(self, reached: float) -> bool:
        return reached <= self.bound if self.is_most else reached >= self.bound


def at_most(bound: float, *against: str, figure: str | None = None) -> Goal:
    """Return a goal with an upper bound."""
    return Goal(bound, True, against, figure)


def at_least(bound: float, *against: str, figure: str | None = None) -> Goal:
    """Return a goal with a lower bound."""
    return Goal(bound, False, against, figure)


@dataclass(frozen=True)
class Line:
    """One line of a row.

    :param figure: the name of the figure.
    :param what: the text in the table, with the unit.
    :param goal: the goal of the figure, None if it has none.
    :param of: the name of the contender whose figure is shown.
    """

    figure: str
    what: str
    goal: Goal | None = None
    of: str = OURS


@dataclass(frozen=True)
class Row:
    """One measurement of several contenders.

    :param name: the name of the row on the command line.
    :param title: the title of the row in the table.
    :param contenders: functions that measure one contender once, by the contender's name.
    :param lines: the lines of the table.
    :param notes: a sentence below the table.
    """

    name: str
    title: str
    contenders: Mapping[str, Callable[[], Figures]]
    lines: Sequence[Line]
    notes: str = ""
    rounds: int | None = field(default=None)

    def run(self, rounds: int, say: Callable[[str], None]) -> dict[str, dict[str, list[float]]]:
        """Measure each contender once in each round.

        A slow minute of the machine thus affects all contenders.

        :param rounds: how often each contender is measured.
        :param say: called with a line for each measurement.
        :returns: the values of all rounds, by contender and figure.
        """
        seen: dict[str, dict[str, list[float]]] = {name: {} for name in self.contenders}
        for number in range(rounds):
            for name, measure in self.contenders.items():
                try:
                    figures = measure()
                except (OSError, RuntimeError) as error:
                    # A contender that fails must not end the run: the others are still measured.
                    say(f"{self.name} {number + 1}/{rounds} {name} failed: {error}")
                    continue
                say(f"{self.name} {number + 1}/{rounds} {name}: {_show(figures)}")
                for figure, value in figures.items():
                    seen[name].setdefault(figure, []).append(value)
        return seen


def medians(seen: Mapping[str, Mapping[str, Sequence[float]]]) -> dict[str, dict[str, float]]:
    """Return the median of the rounds, by contender and figure."""
    return {
        name: {figure: statistics.median(values) for figure, values in figures.items()}
        for name, figures in seen.items()
    }


def _show(figures: Figures) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in figures.items())
