"""Tells whether the ASCII bytes of a page are ASCII characters to a browser."""

from __future__ import annotations

from functools import lru_cache

from werkzeug.http import parse_options_header

_ASCII = "".join(map(chr, range(0x20, 0x7F)))
_BYTE_ORDER_MARKS_OF_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
# These charsets switch by escape sequences: bytes that look like a tag may be two letters.
_SWITCHING = "iso-2022-"
# The part of a page in which browsers look for a charset (the HTML standard's "prescan").
_PRESCANNED_BYTES = 1024


@lru_cache(maxsize=64)
def charset_of(content_type: str | None) -> str | None:
    """Return the charset that a ``Content-Type`` names, None if it names none."""
    return parse_options_header(content_type)[1].get("charset")


def keeps_ascii(html: bytes, charset: str | None) -> bool:
    """Return whether a browser reads the ASCII bytes of *html* as ASCII characters.

    In UTF-16 one letter may consist of the bytes of ``<b``. An attribute that is inserted behind
    them would shift all that follows by a byte, and could turn escaped text into markup.

    :param charset: the charset of the response's Content-Type; None: it names none.
    """
    if html.startswith(_BYTE_ORDER_MARKS_OF_UTF_16):
        return False
    if charset is None:
        return _SWITCHING.encode() not in html[:_PRESCANNED_BYTES].lower()
    if charset.lower().replace("_", "-").startswith(_SWITCHING):
        return False
    try:
        return _ASCII.encode(charset) == _ASCII.encode("ascii")
    except (LookupError, ValueError):
        # A charset that Python does not know may be anything.
        return False
