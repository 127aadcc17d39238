"""What an entry of a channel's log is, and which of the channel's clients it is for."""

from __future__ import annotations

from typing import Literal, NamedTuple

#: ``payload``: a message for the page's scripts. ``html``: fragments. ``refresh``: blocks of the
#: page are to be rendered again.
RouteKind = Literal["payload", "html", "refresh"]

_MARKS: dict[RouteKind, str] = {"payload": "", "html": "<", "refresh": "~"}
_KINDS: dict[str, RouteKind] = {mark: kind for kind, mark in _MARKS.items() if mark}
_NOT = "-"


class Route(NamedTuple):
    """What an entry is and whom it concerns; most are messages for all.

    :param kind: what it is.
    :param to: the digest of the only client that shall get it; empty: all.
    :param but_for: the digest of the only client that shall not get it, or several with commas
        between them, by one of which it is known; empty: none.
    """

    kind: RouteKind = "payload"
    to: str = ""
    but_for: str = ""

    def concerns(self, digest: str) -> bool:
        """Return whether the client of *digest* gets the entry."""
        return digest not in self.excepted and (not self.to or digest == self.to)

    @property
    def excepted(self) -> list[str]:
        """The digests of the client that shall not get it."""
        return self.but_for.split(",") if self.but_for else []

    def is_message_for(self, digest: str) -> bool:
        """Return whether the entry brings the client of *digest* something: a request to render
        blocks again does not."""
        return self.kind != "refresh" and self.concerns(digest)

    def __str__(self) -> str:
        """The route as a log holds it, empty for a message for all."""
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
