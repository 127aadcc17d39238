"""Routes: the kind of a log's entry, and which of the channel's clients get it."""

from __future__ import annotations

from typing import Literal, NamedTuple

#: ``payload``: a message for the page's scripts. ``html``: changes of the page's HTML. ``refresh``:
#: a request to render blocks of the page again.
RouteKind = Literal["payload", "html", "refresh"]

_MARKS: dict[RouteKind, str] = {"payload": "", "html": "<", "refresh": "~"}
_KINDS: dict[str, RouteKind] = {mark: kind for kind, mark in _MARKS.items() if mark}
_NOT = "-"


class Route(NamedTuple):
    """The kind of an entry, and which clients get it. Most entries are messages for all.

    :param kind: the kind of the entry.
    :param to: the digest of the only client that gets the entry; empty: all clients get it.
    :param but_for: the digest of the only client that does not get the entry; empty: no client is
        left out. If the client may be known by several digests, all of them, separated by commas.
    """

    kind: RouteKind = "payload"
    to: str = ""
    but_for: str = ""

    def concerns(self, digest: str) -> bool:
        """Return whether the client of *digest* gets the entry."""
        return digest not in self.excepted and (not self.to or digest == self.to)

    @property
    def excepted(self) -> list[str]:
        """The digests of the client that does not get the entry."""
        return self.but_for.split(",") if self.but_for else []

    def is_message_for(self, digest: str) -> bool:
        """Return whether the client of *digest* gets the entry, and it has content.

        A request to render blocks again has none.
        """
        return self.kind != "refresh" and self.concerns(digest)

    def __str__(self) -> str:
        """Return the route as a log holds it; empty for a message for all."""
        whom = f"{_NOT}{self.but_for}" if self.but_for else self.to
        return f"{_MARKS[self.kind]}{whom}"

    @classmethod
    def parse(cls, text: str) -> Route:
        """Read what :meth:`__str__` wrote."""
        if not text:
            return TO_ALL
        kind = _KINDS.get(text[0], "payload")
        whom = text if kind == "payload" else text[1:]
        return cls(kind, "", whom[1:]) if whom.startswith(_NOT) else cls(kind, whom)


#: A message for every client of its channel.
TO_ALL = Route()
