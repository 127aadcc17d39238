"""How large the address and the headers of a handshake may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .handshake import Refusal

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# Browsers send 1 to 2 KB; cookies may be as much again, and seldom more than four times that.
MOST_HEADER_BYTES = 16 * 1024


def check_size(environ: WSGIEnvironment) -> None:
    """Refuse a handshake whose address and headers are larger than a socket may keep.

    A socket keeps them for its calls, and its server keeps them as long as it is open.

    :raises Refusal: with the status 431 (RFC 6585).
    """
    size = len(environ.get("QUERY_STRING", "")) + sum(
        [len(key) + len(value) for key, value in environ.items() if key.startswith("HTTP_")]
    )
    if size > MOST_HEADER_BYTES:
        raise Refusal(
            431,
            f"The address and the headers of this handshake have {size:,} bytes, and a socket may "
            f"keep {MOST_HEADER_BYTES:,}: are there too many cookies for this host?",
        )
