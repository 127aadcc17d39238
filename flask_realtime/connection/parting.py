"""Takes leave of a peer: it gets what waits for it, and says what it was about to say."""

from __future__ import annotations

from contextlib import suppress

from ..writing.fd import Descriptor
from ..writing.outbox import Outbox

# How long a peer may take to answer the close frame, and to take what waits before that frame.
CLOSE_SECONDS = 2.0
# How many bytes a peer may still send after the close frame. The sender of a message that is far
# too large may read the close code only once it has sent the whole message.
CLOSE_BYTES = 16 * 1024 * 1024


def part_from_peer(outbox: Outbox, descriptor: Descriptor) -> None:
    """Have a socket's last bytes written, its writing ended, and what the peer still sends dropped.

    This waits for the peer, which may be gone.
    """
    with suppress(OSError):
        outbox.wait_until_empty(CLOSE_SECONDS)
        descriptor.finish_writing()
        descriptor.discard_input(CLOSE_SECONDS, CLOSE_BYTES)
