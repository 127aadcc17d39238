"""Records what a registry tells its process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from typing import Any

from flask_realtime.protocol.publications import Publication
from flask_realtime.registries.records import Disconnect, RegistryEvents
from tests.eventually import DEADLINE


class Recorder:
    """Keeps what a registry has told, in order, and can wait for more."""

    def __init__(self) -> None:
        self.publications: list[Publication] = []
        self.changed: list[str] = []
        self.left: list[tuple[str, str]] = []
        self.disconnected: list[Disconnect] = []
        self.unsubscribed: list[tuple[str, str]] = []
        # When the last user was put out of a channel, by the registry's clock.
        self.unsubscribed_at = 0
        self.threads: set[int] = set()
        self._news = threading.Condition()

    def receiver(self) -> RegistryEvents:
        """Return the functions that the registry calls."""
        return RegistryEvents(
            deliver=self._deliver,
            changed=self._note_changed,
            disconnected=lambda order: self._note(self.disconnected, order),
            unsubscribed=self._note_unsubscribed,
            interrupted=lambda: None,
            restored=lambda: None,
        )

    def payloads(self, channel: str | None = None) -> list[str]:
        """Return the payloads that were delivered, on one channel or on all."""
        return [one.payload for one in list(self.publications) if channel in (None, one.channel)]

    def wait_for(self, happened: Callable[[], Any]) -> None:
        """Return when *happened* is true of what was told."""
        with self._news:
            if not self._news.wait_for(happened, DEADLINE):
                raise AssertionError(
                    f"Within {DEADLINE:.0f} s only {len(self.publications)} publications "
                    f"{self.payloads()[-5:]}, changed {self.changed}, disconnected "
                    f"{self.disconnected}."
                )

    def wait_for_payload(self, payload: str) -> None:
        """Return when *payload* was delivered."""
        self.wait_for(lambda: payload in self.payloads())

    def _deliver(self, publication: Publication) -> None:
        self.threads.add(threading.get_ident())
        self._note(self.publications, publication)

    def _note_unsubscribed(self, user: str, channel: str, when: int) -> None:
        self.unsubscribed_at = when
        self._note(self.unsubscribed, (user, channel))

    def _note_changed(self, digest: str, left: Collection[str] = ()) -> None:
        self.left += [(digest, name) for name in left]
        self._note(self.changed, digest)

    def _note(self, notes: list[Any], note: Any) -> None:
        with self._news:
            notes.append(note)
            self._news.notify_all()
