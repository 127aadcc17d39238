"""Sockets whose handshakes have the largest headers that are accepted."""

import pytest

from .siege import SHARE

pytestmark = pytest.mark.parametrize(
    "besiege", ["gevent", pytest.param("gthread", marks=pytest.mark.long)], indirect=True
)

FAT = [f"X-Fat-{number}: {'x' * 95}" for number in range(80)]
# Still fewer than gunicorn accepts: a hundred headers of 8 KB.
FATTER = [f"{line}{'x' * 200}" for line in FAT]


def test_headers_take_no_more_than_a_sockets_share(siege):
    """The share includes a request with these headers, which each socket makes."""
    for socket in siege.open(headers=FAT):
        socket.send(1, b'{"id": "1", "action": "call-route", "uri": "/pid"}')
        socket.receive()

    assert siege.share(common=0) < SHARE


def test_larger_headers_than_that_open_no_socket(siege):
    """Larger headers are refused with 431 before the server keeps anything."""
    with pytest.raises(AssertionError, match="431"):
        siege.open(headers=FATTER)
