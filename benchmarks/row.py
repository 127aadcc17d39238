"""A row of the table, and how it is measured."""

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
    """What a figure is to reach.

    :param bound: of the figure, or of its ratio to those that it is compared with.
    :param is_most: whether the bound is an upper one.
    :param against: names of contenders, of which the best counts; empty if the figure itself is
        bounded.
    :param figure: which figure of those contenders; None for the same one.
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
    :param what: what the table says, with the unit.
    :param goal: what the figure is to reach, or None.
    :param of: the contender whose figure it is.
    """

    figure: str
    what: str
    goal: Goal | None = None
    of: str = OURS


@dataclass(frozen=True)
class Row:
    """Contenders that are measured one after the other, several times.

    :param name: of the row, on the command line.
    :param title: of the row, in the table.
    :param contenders: functions that measure one contender once, by the contender's name.
    :param lines: what the table shows.
    :param notes: a sentence below the table.
    """

    name: str
    title: str
    contenders: Mapping[str, Callable[[], Figures]]
    lines: Sequence[Line]
    notes: str = ""
    rounds: int | None = field(default=None)

    def run(self, rounds: int, say: Callable[[str], None]) -> dict[str, dict[str, list[float]]]:
        """Measure each contender in each round, so that a slow minute of the machine affects them
        all.

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
                    # Some contenders fail where others do not.
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
