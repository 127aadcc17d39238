"""Tells whether the ASCII bytes of a page are ASCII characters to a browser."""

from __future__ import annotations

import re
from functools import lru_cache

from werkzeug.http import parse_options_header

_ASCII = "".join(map(chr, range(0x20, 0x7F)))
_BYTE_ORDER_MARKS_OF_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
# These charsets switch by escape sequences: bytes that look like a tag may be two letters. One of
# their labels is "csISO2022JP".
_SWITCHING = re.compile(r"(cs)?iso[-_]?2022", re.IGNORECASE)
_NAMES_SWITCHING = re.compile(rb"<meta\b[^>]*\b(cs)?iso-?2022", re.IGNORECASE)
# The part of a page in which a browser looks for a charset: 1,024 bytes by the HTML standard, but
# Chromium goes on to the end of the head.
_PRESCANNED_BYTES = 16 * 1024
# No codec of Python has this name.
_UNCLEAR = "?"


@lru_cache(maxsize=64)
def charset_of(content_type: str | None) -> str | None:
    """Return the charset that a ``Content-Type`` names, None if it names none.

    The result is the name of no charset if the ``Content-Type`` names several, or names one in a
    way that programs read differently, as with a space behind the equals sign.
    """
    count = (content_type or "").lower().count("charset")
    charset = parse_options_header(content_type)[1].get("charset")
    return charset if count == (charset is not None) else _UNCLEAR


def keeps_ascii(html: bytes, charset: str | None) -> bool:
    """Return whether a browser reads the ASCII bytes of *html* as ASCII characters.

    In UTF-16 one letter may consist of the bytes of ``<b``. An attribute that is inserted behind
    them would shift all that follows by a byte, and could turn escaped text into markup.

    :param charset: the charset of the response's Content-Type; None: it names none.
    """
    if html.startswith(_BYTE_ORDER_MARKS_OF_UTF_16):
        return False
    if charset is None:
        return not _NAMES_SWITCHING.search(html[:_PRESCANNED_BYTES])
    if _SWITCHING.match(charset.strip()):
        return False
    try:
        return _ASCII.encode(charset) == _ASCII.encode("ascii")
    except (LookupError, ValueError):
        # A charset that Python does not know may be anything.
        return False
