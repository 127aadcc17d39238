"""Whether this process serves requests: on the registry in memory a push reaches no other."""

from __future__ import annotations

import atexit
import logging
import weakref

from ..errors import NobodyListens
from ..threads.fork import ForkLocal
from ..transport import servers

logger = logging.getLogger(__name__)


class Serving:
    """What is known of the processes of one app: which of them has served a request.

    The registry in memory reaches only the sockets of its own process. Before a process has
    served its first request nobody is subscribed there, so a push can wait for nobody, and is no
    error: a thread that is started at import may push before the server begins. A process that
    certainly never serves, a CLI command for example, is told so by an error; any other process
    that ends without having served is told by a warning.
    """

    def __init__(self) -> None:
        #: Whether a request was served, by this process or by one that it was forked from.
        self.has_begun = False
        self._here = ForkLocal(_Here)

    def note_request(self) -> None:
        """Note that this process serves a request."""
        self.has_begun = True
        self._here.get().has_served = True

    def check_push(self) -> None:
        """Note a push that reaches only this process.

        :raises NobodyListens: if this process certainly never serves a request.
        """
        here = self._here.get()
        if here.has_served or servers.serves_requests():
            return
        # A process that was forked off one that serves has that one's pages, and no sockets.
        if self.has_begun or servers.never_serves():
            raise NobodyListens
        if not here.unheard:
            atexit.register(_warn_at_exit, weakref.ref(self))
        here.unheard += 1

    def warn_if_unheard(self) -> None:
        """Log a warning if this process has pushed, and never served a request."""
        here = self._here.get()
        if here.unheard and not here.has_served and not servers.is_reloader_parent():
            logger.warning(
                "The pushes of this process (%d of them) reached nobody: the process ends "
                "without having served a request, and without REALTIME_REDIS a push reaches only "
                "the sockets of its own process. Set REALTIME_REDIS here and in the web "
                "processes.",
                here.unheard,
            )


class _Here:
    """What is known of this process."""

    def __init__(self) -> None:
        self.has_served = False
        #: Pushes that were made before it has.
        self.unheard = 0


def _warn_at_exit(reference: weakref.ref[Serving]) -> None:
    serving = reference()
    if serving is not None:
        serving.warn_if_unheard()
