"""Does in the background what the hub and the registry ask for, and what comes due."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Protocol

from .catchup import PATIENCE_SECONDS, Reader
from .delivery import Delivery
from .errors import RegistryUnavailable
from .hub import Hub
from .positions import Position
from .recovery import Recovery
from .registries.base import Presence, Registry, Subscription

logger = logging.getLogger(__name__)

# Pauses between attempts while the registry is away: a try costs up to its timeout anyway.
RETRY_SECONDS = 0.5
# How many clients are read at once: a page of replies that is parsed without stopping the loop.
CLIENTS_AT_ONCE = 200


class Subscriber(Reader, Protocol):
    """A connection whose subscriptions change."""

    @property
    def token(self) -> str: ...

    def sent(self, reached: Mapping[str, Position]) -> dict[str, Position]: ...


class Keeper:
    """Keeps this process's channels and clients in step with the registry.

    :param enter: brings a connection onto new channels, on the connection's own worker.
    :param settle: returns when all that was posted so far stands in outboxes.
    """

    def __init__(
        self,
        hub: Hub,
        delivery: Delivery,
        recovery: Recovery,
        registry: Registry,
        enter: Callable[[Subscriber, Mapping[str, Position]], None],
        settle: Callable[[], None],
    ) -> None:
        self._hub = hub
        self._delivery = delivery
        self._recovery = recovery
        self._registry = registry
        self._enter = enter
        self._settle = settle
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._is_running = False
        self._is_closed = False
        self._paused: set[str] = set()
        self._changed: set[str] = set()

    def recover(self, names: Collection[str]) -> None:
        """Have the logs of paused channels read."""
        self._note(names, ())

    def changed(self, digest: str) -> None:
        """Have the subscriptions of a client read anew and applied."""
        self._note((), (digest,))

    def restored(self) -> None:
        """Have every channel and every client read anew."""
        self._note(self._delivery.pause(), self._hub.digests())

    def close(self) -> None:
        """End the thread."""
        self._is_closed = True
        self._wake.set()

    def refresh(self) -> None:
        """Keep what this process holds from expiring in the registry."""
        presences = self._presences(self._hub.connections())
        self._registry.refresh(presences, self._delivery.names())

    def _note(self, names: Collection[str], digests: Collection[str]) -> None:
        with self._lock:
            self._paused.update(names)
            self._changed.update(digests)
            must_start = not self._is_running
            self._is_running = True
        if must_start:
            threading.Thread(target=self._run, name="realtime-keeper", daemon=True).start()
        self._wake.set()

    def _run(self) -> None:
        while not self._is_closed:
            self._wake.wait()
            self._wake.clear()
            with self._lock:
                paused, self._paused = self._paused, set()
                changed, self._changed = self._changed, set()
            if not self._work(paused, changed) and not self._is_closed:
                time.sleep(RETRY_SECONDS)
                self._note(paused, changed)

    def _work(self, paused: set[str], changed: set[str]) -> bool:
        try:
            if paused:
                self._recovery.run(paused, PATIENCE_SECONDS)
            self._apply(list(changed))
        except RegistryUnavailable as error:
            logger.warning("The registry is away, trying again: %s", error)
            return False
        except Exception:
            logger.exception(
                "Reading %d channels and %d clients failed.", len(paused), len(changed)
            )
            # Channels stand still until they are read; that a client fails again helps nobody.
            changed.clear()
            return False
        return True

    def _apply(self, digests: list[str]) -> None:
        for start in range(0, len(digests), CLIENTS_AT_ONCE):
            chunk = digests[start : start + CLIENTS_AT_ONCE]
            for digest, subscriptions in self._registry.subscriptions(chunk).items():
                for connection in self._hub.connections(digest):
                    self._apply_to(connection, subscriptions)  # type: ignore[arg-type]

    def _apply_to(
        self, connection: Subscriber, subscriptions: Mapping[str, Subscription] | None
    ) -> None:
        if not self._hub.is_ready(connection):
            return
        if subscriptions is None:
            reached = self._hub.reached(connection)
            known = {name: Subscription(position) for name, position in reached.items()}
            (presence,) = self._presences([connection])
            self._registry.restore(presence, known)
            return
        present = self._hub.channels(connection)
        self._hub.leave(connection, present - subscriptions.keys())
        starts = {name: one.since for name, one in subscriptions.items() if name not in present}
        if starts:
            self._enter(connection, starts)

    def _presences(self, connections: Iterable[Any]) -> list[Presence]:
        reached = [(one, self._hub.reached(one)) for one in connections]
        # What was posted, and is in no outbox yet, would count as sent.
        self._settle()
        return [Presence(one.digest, one.token, one.sent(at)) for one, at in reached]
