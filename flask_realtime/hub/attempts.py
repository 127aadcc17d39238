"""Does the same for many names, so that one for which it fails holds up no other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from ..errors import RegistryUnavailable
from ..registries.unreadable import Unreadable
from ..threads import clock

logger = logging.getLogger(__name__)

# How many failures one round may have. If a registry fails for every name, trying each of thousands
# by itself would take the whole processor.
MOST_FAILURES = 50
# After how many seconds a name is tried again for which it failed; twice as many each time.
FIRST_SECONDS = 0.5
MOST_SECONDS = 30.0
# How many names a line of the log has.
MOST_SHOWN = 3


class _Failure(NamedTuple):
    """The last failure for a name.

    :param kind: the kind of the error, since its text may be another one each time.
    :param seconds: after how many seconds the name is tried again.
    :param due_at: when that is, by :func:`.clock.monotonic`.
    """

    kind: type[Exception]
    seconds: float
    due_at: float


class Attempts:
    """Does something for many names at once, and for fewer where that fails.

    A name for which it fails is tried again less and less often. The log has a line when it fails
    for a name, when it fails in another way, and when it is done after all. One thread at a time
    may use it.

    :param what: what is done for a name, as in ``"Reading channel %s"``.
    :param act: does it for some names. It is called again for some that it was done for.
    :param show: returns a name as the log is to have it.
    """

    def __init__(
        self,
        what: str,
        act: Callable[[Sequence[str]], None],
        show: Callable[[str], str] = repr,
    ) -> None:
        self._what = what
        self._act = act
        self._show = show
        # The names for which it failed the last time. Who was tried last is the last.
        self._failures: dict[str, _Failure] = {}

    def run(self, names: Collection[str]) -> set[str]:
        """Do it for *names*; return those for which it has to be done again.

        :param names: with those that an earlier call has returned, unless they need it no more.
        :raises RegistryUnavailable: if the registry is away; then it may be done for any of them.
        """
        failed: dict[str, Exception] = {}
        # A client whose sockets have gone, for example, is asked for no more.
        for name in self._failures.keys() - set(names):
            del self._failures[name]
        new = [name for name in names if name not in self._failures]
        now = clock.monotonic()
        due = [name for name, one in self._failures.items() if one.due_at <= now]
        left = self._failures.keys() - due
        try:
            left.update(self._divide(new, failed))
            # Last, so that they hold up nobody.
            left.update(self._divide(due, failed))
        finally:
            self._tell_of_failures(failed)
        self._tell_of_the_end([name for name in due if name not in left])
        return left

    def _divide(self, names: Sequence[str], failed: dict[str, Exception]) -> list[str]:
        """Do it for *names*, by halves where it fails; return those that it was not done for."""
        if not names or len(failed) >= MOST_FAILURES:
            return list(names)
        error = self._failure(names)
        if error is None:
            return []
        if len(names) == 1:
            failed[names[0]] = error
            return list(names)
        middle = len(names) // 2
        left = self._divide(names[:middle], failed)
        return left + self._divide(names[middle:], failed)

    def _failure(self, names: Sequence[str]) -> Exception | None:
        try:
            self._act(names)
        except Exception as error:
            if isinstance(error, RegistryUnavailable) and not isinstance(error, Unreadable):
                raise
            return error
        return None

    def _tell_of_failures(self, failed: dict[str, Exception]) -> None:
        told: dict[type[Exception], list[str]] = {}
        now = clock.monotonic()
        for name, error in failed.items():
            kind, before = type(error), self._failures.pop(name, None)
            if before is None or before.kind is not kind:
                told.setdefault(kind, []).append(name)
            seconds = FIRST_SECONDS if before is None else min(2 * before.seconds, MOST_SECONDS)
            self._failures[name] = _Failure(kind, seconds, now + seconds)
        for names in told.values():
            logger.error(
                f"{self._what} failed. It will be tried again.",
                self._shown(names),
                exc_info=failed[names[0]],
            )

    def _tell_of_the_end(self, names: Sequence[str]) -> None:
        for name in names:
            del self._failures[name]
        if names:
            logger.warning(f"{self._what} has failed before, and is done now.", self._shown(names))

    def _shown(self, names: Sequence[str]) -> str:
        shown = ", ".join(map(self._show, names[:MOST_SHOWN]))
        others = len(names) - MOST_SHOWN
        return shown if others <= 0 else f"{shown} and {others} more"
