"""Finds a page's ``<body>`` tag: reads HTML as bytes, in any charset that contains ASCII."""

from __future__ import annotations

import re
from dataclasses import dataclass

ATTRIBUTE = "data-socket-connection-id"

_COMMENT_OR_TAG = re.compile(rb"<(?:!--|([a-z][^\s/>]*))", re.IGNORECASE)
_QUOTED_VALUE_OR_END = re.compile(rb"""=\s*(?:"[^"]*"|'[^']*')|(>)""")
_ATTRIBUTE = re.compile(rb"[\s/]" + ATTRIBUTE.encode() + rb"(?![^\s=/])", re.IGNORECASE)
_BODY = re.compile(rb"<body[\s/>]", re.IGNORECASE)
# Elements that may stand before the body, and whose contents are no tags of the page.
_OPAQUE = frozenset(
    [b"script", b"style", b"title", b"textarea", b"noscript", b"template", b"iframe", b"xmp"]
)


@dataclass(frozen=True, slots=True)
class BodyTag:
    """The tag with which a page's body begins.

    :param name_end: the index behind ``<body``.
    :param is_stamped: whether the tag has a connection id already.
    """

    name_end: int
    is_stamped: bool


def find_body_tag(html: bytes) -> BodyTag | None:
    """Return the ``<body>`` tag that a browser would see; None if the page leaves it out.

    Comments, scripts, other raw text and attribute values are passed over.
    Takes time in proportion to the page's length.
    """
    if not _BODY.search(html):
        return None
    position = 0
    while found := _COMMENT_OR_TAG.search(html, position):
        if found[1] is None:
            # Searched from the first dash on, because "<!-->" is a whole comment.
            position = _after(html, b"-->", found.start() + 2)
            continue
        end = _end_of_tag(html, found.end())
        name = found[1].lower()
        if name == b"body" and end < len(html):
            names = _QUOTED_VALUE_OR_END.sub(b" ", html[found.end() : end])
            return BodyTag(found.end(), bool(_ATTRIBUTE.search(names)))
        position = _end_of_element(html, name, end) if name in _OPAQUE else end
    return None


def _end_of_tag(html: bytes, position: int) -> int:
    """Return the index of the ``>`` that ends the tag, or the page's length if there is none."""
    for part in _QUOTED_VALUE_OR_END.finditer(html, position):
        if part[1]:
            return part.start()
    return len(html)


def _end_of_element(html: bytes, name: bytes, position: int) -> int:
    end = re.compile(rb"</" + name + rb"(?=[\s/>])", re.IGNORECASE).search(html, position)
    return end.end() if end else len(html)


def _after(html: bytes, text: bytes, position: int) -> int:
    index = html.find(text, position)
    return len(html) if index < 0 else index + len(text)
