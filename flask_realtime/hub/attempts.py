"""Does the same for many names, so that one for which it fails holds up no other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence

from ..errors import RegistryUnavailable

logger = logging.getLogger(__name__)

# How many failures one round may have. If a registry fails for every name, trying each of thousands
# by itself would take the whole processor.
MOST_FAILURES = 50
# How many names a line of the log has.
MOST_SHOWN = 3


class Attempts:
    """Does something for many names at once, and for fewer where that fails.

    The log has a line when it fails for a name, when it fails in another way, and when it is done
    after all. One thread at a time may use it.

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
        # The names for which it failed the last time, each with the kind of its error, since its
        # text may be another one each time. Who was tried last is the last.
        self._errors: dict[str, type[Exception]] = {}

    def run(self, names: Collection[str]) -> set[str]:
        """Do it for *names*; return those for which it has to be done again.

        :param names: with those that an earlier call has returned, unless they need it no more.
        :raises RegistryUnavailable: if the registry is away; then it may be done for any of them.
        """
        failed: dict[str, Exception] = {}
        wanted = set(names)
        new = [name for name in names if name not in self._errors]
        # A client whose sockets have gone, for example, is asked for no more.
        for name in self._errors.keys() - wanted:
            del self._errors[name]
        # Last, so that they hold up nobody.
        known = list(self._errors)
        try:
            left = {*self._divide(new, failed), *self._divide(known, failed)}
        finally:
            self._tell_of_failures(failed)
        self._tell_of_the_end([name for name in known if name not in left])
        return left

    def _divide(self, names: Sequence[str], failed: dict[str, Exception]) -> list[str]:
        """Do it for *names*, by halves where it fails; return those that it was not done for."""
        if not names or len(failed) >= MOST_FAILURES:
            return list(names)
        try:
            self._act(names)
        except RegistryUnavailable:
            raise
        except Exception as error:
            if len(names) == 1:
                failed[names[0]] = error
                return list(names)
            middle = len(names) // 2
            left = self._divide(names[:middle], failed)
            return left + self._divide(names[middle:], failed)
        return []

    def _tell_of_failures(self, failed: dict[str, Exception]) -> None:
        told: dict[type[Exception], list[str]] = {}
        for name, error in failed.items():
            kind = type(error)
            if self._errors.pop(name, None) is not kind:
                told.setdefault(kind, []).append(name)
            self._errors[name] = kind
        for names in told.values():
            logger.error(
                f"{self._what} failed. It is tried again every second.",
                self._shown(names),
                exc_info=failed[names[0]],
            )

    def _tell_of_the_end(self, names: Sequence[str]) -> None:
        for name in names:
            del self._errors[name]
        if names:
            logger.warning(f"{self._what} has failed before, and is done now.", self._shown(names))

    def _shown(self, names: Sequence[str]) -> str:
        shown = ", ".join(map(self._show, names[:MOST_SHOWN]))
        others = len(names) - MOST_SHOWN
        return shown if others <= 0 else f"{shown} and {others} more"
