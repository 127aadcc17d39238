"""Sockets whose handshakes have as large headers as there may be."""

import pytest

from .siege import SHARE

FAT = [f"X-Fat-{number}: {'x' * 95}" for number in range(80)]
# Within what gunicorn takes: a hundred headers of 8 KB.
FATTER = [f"{line}{'x' * 200}" for line in FAT]


def test_headers_take_no_more_than_a_sockets_share(siege):
    """Also when every socket has made a request of its own of them."""
    for socket in siege.open(headers=FAT):
        socket.send(1, b'{"id": "1", "action": "call-route", "uri": "/pid"}')
        socket.receive()

    assert siege.share(common=0) < SHARE


def test_larger_headers_than_that_open_no_socket(siege):
    """Which is said before anything is kept."""
    with pytest.raises(AssertionError, match="431"):
        siege.open(headers=FATTER)
