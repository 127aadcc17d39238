"""What a row of the table is, and how it is measured."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

#: What is ours among the contenders of a row, where a row does not say otherwise.
OURS = "flask_realtime"
NAIVE = "flask-sock loop"
SOCKETIO = "Flask-SocketIO"
WEBSOCKETS = "websockets"
CHANNELS = "Channels"

Figures = Mapping[str, float]


@dataclass(frozen=True)
class Goal:
    """What a figure is to reach.

    :param bound: of the figure itself, or of its ratio to the one it is *against*.
    :param against: contenders; of several, the best. None: the figure itself is bounded.
    :param figure: of the contenders that it is against; None: the same one.
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
    return Goal(bound, True, against, figure)


def at_least(bound: float, *against: str, figure: str | None = None) -> Goal:
    return Goal(bound, False, against, figure)


@dataclass(frozen=True)
class Line:
    """One line of a row.

    :param what: what it says in the table, with its unit.
    :param of: the contender whose figure it is.
    """

    figure: str
    what: str
    goal: Goal | None = None
    of: str = OURS


@dataclass(frozen=True)
class Row:
    """Contenders that are measured one after the other, several times over.

    :param contenders: by name, what measures one of them once.
    """

    name: str
    title: str
    contenders: Mapping[str, Callable[[], Figures]]
    lines: Sequence[Line]
    notes: str = ""
    rounds: int | None = field(default=None)

    def run(self, rounds: int, say: Callable[[str], None]) -> dict[str, dict[str, list[float]]]:
        """By contender and figure what each round saw.

        Rounds go through all contenders, so that a slow minute of the machine meets them all.
        """
        seen: dict[str, dict[str, list[float]]] = {name: {} for name in self.contenders}
        for number in range(rounds):
            for name, measure in self.contenders.items():
                try:
                    figures = measure()
                except (OSError, RuntimeError) as error:
                    # Some contenders do not stand what others do.
                    say(f"{self.name} {number + 1}/{rounds} {name} failed: {error}")
                    continue
                say(f"{self.name} {number + 1}/{rounds} {name}: {_show(figures)}")
                for figure, value in figures.items():
                    seen[name].setdefault(figure, []).append(value)
        return seen


def medians(seen: Mapping[str, Mapping[str, Sequence[float]]]) -> dict[str, dict[str, float]]:
    """By contender and figure the median of the rounds."""
    return {
        name: {figure: statistics.median(values) for figure, values in figures.items()}
        for name, figures in seen.items()
    }


def _show(figures: Figures) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in figures.items())
