"""Whether the bytes of a page can be read, and added to, as ASCII."""

from __future__ import annotations

_ASCII = "".join(map(chr, range(0x20, 0x7F)))
_BYTE_ORDER_MARKS_OF_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
# These switch between sets by escape sequences: what looks like a tag may be two letters.
_SWITCHING = "iso-2022-"
# Where browsers look for a charset that no header names (the HTML standard's "prescan").
_PRESCANNED_BYTES = 1024


def keeps_ascii(html: bytes, charset: str | None) -> bool:
    """Whether a browser reads the ASCII bytes of *html* as the ASCII characters they are.

    In UTF-16 a letter may consist of the bytes of ``<b``: an attribute put in behind them would
    shift all that follows by a byte, and escaped text would become markup.

    :param charset: what the response's Content-Type says; None: it says nothing.
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
        # Python does not know it, and so we do not.
        return False
