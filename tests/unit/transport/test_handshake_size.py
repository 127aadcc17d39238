"""The size limit for a handshake's address and headers."""

import pytest
from werkzeug.test import create_environ

from flask_realtime.transport.handshake import Refusal
from flask_realtime.transport.handshake_size import MOST_HEADER_BYTES, check_size

from .served import Line, Served


@pytest.mark.parametrize(
    "more",
    [
        {"headers": {"Cookie": "x" * 17_000}},
        {"headers": {f"X-{number}": "x" * 1000 for number in range(17)}},
        {"query_string": "x=" + "x" * 17_000},
    ],
    ids=["one header", "many headers", "the query"],
)
def test_handshake_that_is_too_large_is_refused(more):
    """A socket keeps its headers for its calls, so a handshake of 64 KB is refused."""
    with pytest.raises(Refusal, match="16,384") as refused:
        check_size(create_environ(**more))

    assert refused.value.status == 431


def test_handshake_with_many_cookies_is_accepted():
    """A handshake with four times the usual cookies is accepted."""
    check_size(create_environ(headers={"Cookie": "x" * (MOST_HEADER_BYTES * 3 // 4)}))


def test_route_refuses_what_is_too_large():
    """The size is checked first, and the response has the reason."""
    served = Served()
    page = served.show()
    with Line() as line:
        answer = served.handshake(page, line.ours, headers={"X-Large": "x" * 17_000})

        assert answer.status_code == 431
        assert "16,384" in answer.get_data(as_text=True)
        assert not line.has_received()
