"""Where a page's body begins: reads HTML as bytes, in any charset that keeps ASCII."""

from __future__ import annotations

import re
from dataclasses import dataclass

ATTRIBUTE = "data-socket-connection-id"

_COMMENT_OR_TAG = re.compile(rb"<(?:!--|([a-z][^\s/>]*))", re.IGNORECASE)
_QUOTED_VALUE_OR_END = re.compile(rb"""=\s*(?:"[^"]*"|'[^']*')|(>)""")
_ATTRIBUTE = re.compile(rb"[\s/]" + ATTRIBUTE.encode() + rb"(?![^\s=/])", re.IGNORECASE)
_BODY = re.compile(rb"<body[\s/>]", re.IGNORECASE)
# Elements that may stand before the body, and in which a tag is no tag, or not the page's.
_OPAQUE = frozenset(
    [b"script", b"style", b"title", b"textarea", b"noscript", b"template", b"iframe", b"xmp"]
)


@dataclass(frozen=True, slots=True)
class BodyTag:
    """The tag with which a page's body begins.

    :param name_end: the index behind ``<body``.
    :param is_stamped: it carries a connection id already.
    """

    name_end: int
    is_stamped: bool


def find_body_tag(html: bytes) -> BodyTag | None:
    """The first ``<body>`` that a browser would see, None if the page spells none out.

    What stands in comments, scripts, other raw text or attribute values before it is passed over.
    Takes time in proportion to the page's length.
    """
    if not _BODY.search(html):
        return None
    position = 0
    while found := _COMMENT_OR_TAG.search(html, position):
        if found[1] is None:
            # From the first dash: "<!-->" is a whole comment.
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
    """The index of the ``>`` that ends the tag, or the page's length."""
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
