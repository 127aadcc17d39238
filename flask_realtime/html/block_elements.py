"""Finds the elements of a page that show blocks, by their attribute."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cached_property
from typing import NamedTuple

# How many characters a tag may have in front of the attribute.
LONGEST_TAG = 10_000
# How many places of a page that look like the attribute of one block are looked at. A visitor may
# have entered text with any number of them.
MOST_PLACES = 1000
_ATTRIBUTE = re.compile(
    r"""data-realtime-block\s*=\s*(?:(["'])(?P<quoted>\w+)\1|(?P<unquoted>\w+)(?=[\s/>]))"""
)
# A tag up to one of its attributes, as browsers read it: text within quotes is no attribute.
_BEGINNING = re.compile(
    r"""<[a-z][^\s<>"'=]*(?:\s+[^\s<>"'=]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'<>=`]+))?)*\s+""",
    re.IGNORECASE,
)


class _Places(NamedTuple):
    """Where a page seems to have the attribute.

    :ivar quoted: the names that stand in quotes.
    :ivar unquoted: by name, where the attribute begins that has no quotes.
    """

    quoted: set[str]
    unquoted: dict[str, list[int]]


class BlockElements:
    """The elements of a page that show blocks.

    The page is read once, however many blocks are looked for: strangers may ask for as many blocks
    as a request may name, and for blocks that no page has.

    :param page: the page's HTML.
    :param names: the blocks that are looked for.
    """

    def __init__(self, page: str, names: Collection[str]) -> None:
        self._page = page
        self._names = names

    def has(self, name: str) -> bool:
        """Return whether an element shows the block *name*.

        The attribute has to be quoted, because what a visitor has entered holds no quotes in HTML.
        """
        return name in self._places.quoted

    def has_unquoted(self, name: str) -> bool:
        """Return whether an element seems to show the block *name*, by an attribute without quotes.

        What a visitor has entered may look so, where the tag has other attributes without quotes.
        """
        return any(self._is_in_tag(place) for place in self._places.unquoted.get(name, ()))

    @cached_property
    def _places(self) -> _Places:
        found = _Places(set(), {})
        for one in _ATTRIBUTE.finditer(self._page):
            quoted, unquoted = one.group("quoted", "unquoted")
            if quoted is not None:
                found.quoted.add(quoted)
            elif unquoted in self._names and self._page[max(0, one.start() - 1)].isspace():
                places = found.unquoted.setdefault(unquoted, [])
                if len(places) < MOST_PLACES:
                    places.append(one.start())
        return found

    def _is_in_tag(self, end: int) -> bool:
        """Return whether a tag that the page begins goes on to *end* with whole attributes."""
        begin = self._page.rfind("<", max(0, end - LONGEST_TAG), end)
        return begin >= 0 and _BEGINNING.fullmatch(self._page, begin, end) is not None
