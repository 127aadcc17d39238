"""Finds the elements of a page that show blocks, by their attribute."""

from __future__ import annotations

import re
from itertools import islice

# How many characters a tag may have in front of the attribute, and at how many places that look
# like the attribute a page is looked at: a visitor may have entered any number.
LONGEST_TAG = 10_000
MOST_PLACES = 1000
# A tag up to one of its attributes, as browsers read it: what stands within quotes is no attribute.
_BEGINNING = re.compile(
    r"""<[a-z][^\s<>"'=]*(?:\s+[^\s<>"'=]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'<>=`]+))?)*\s+""",
    re.IGNORECASE,
)


def has_element_for(page: str, name: str) -> bool:
    """Return whether an element of *page* shows the block *name*.

    The attribute has to be quoted, because what a visitor has entered holds no quotes in HTML.
    """
    return re.search(rf"data-realtime-block\s*=\s*([\"']){name}\1", page) is not None


def has_unquoted_element_for(page: str, name: str) -> bool:
    """Return whether an element of *page* seems to show the block *name*, by an attribute without
    quotes.

    What a visitor has entered may look so in a tag whose other attributes have no quotes either.
    """
    found = re.finditer(rf"(?<=\s)data-realtime-block\s*=\s*{name}(?=[\s/>])", page)
    return any(_is_in_tag(page, one.start()) for one in islice(found, MOST_PLACES))


def _is_in_tag(page: str, end: int) -> bool:
    """Return whether a tag that *page* begins goes on to *end* with whole attributes."""
    begin = page.rfind("<", max(0, end - LONGEST_TAG), end)
    return begin >= 0 and _BEGINNING.fullmatch(page, begin, end) is not None
