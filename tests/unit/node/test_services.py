"""What the receivers of all sockets of a process share."""

from contextlib import ExitStack

from ..handshakes import Page
from .heard import Heard


def test_sockets_of_a_process_share_the_memory_for_large_messages():
    """All sockets of a process take turns for large messages; another process has memory of its
    own."""
    ours, theirs = Heard().node, Heard().node
    with ExitStack() as stack:
        pages = [stack.enter_context(Page(node)) for node in (ours, ours, theirs)]
        first, second, other = [page.connection.receiver._services.large for page in pages]

    assert first is second
    assert first is not other
