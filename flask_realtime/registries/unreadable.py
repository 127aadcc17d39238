"""An error about one of several things that a registry was asked for."""

from __future__ import annotations

from ..errors import RegistryUnavailable


class Unreadable(RegistryUnavailable):
    """The registry is there, but what it holds under one of the names is no data of this package.

    What it was asked for it may do for the other names.
    """
