"""What an entry of a log is, and whom it concerns."""

import pytest

from flask_realtime.protocol.routes import TO_ALL, Route


@pytest.mark.parametrize(
    "route",
    [TO_ALL, Route(to="ab"), Route(but_for="ab"), Route("html"), Route("refresh", but_for="ab")],
)
def test_route_is_read_as_it_was_written(route):
    """Whatever process reads the log."""
    assert Route.parse(str(route)) == route


def test_message_for_all_costs_nothing():
    """The usual entry holds no byte of it."""
    assert str(TO_ALL) == ""


@pytest.mark.parametrize(
    ("route", "concerned"),
    [
        (TO_ALL, ["a", "b"]),
        (Route(to="a"), ["a"]),
        (Route(but_for="a"), ["b"]),
        (Route(but_for="b,a"), []),
    ],
)
def test_route_concerns(route, concerned):
    """All, one alone, or all but one."""
    assert [digest for digest in ("a", "b") if route.concerns(digest)] == concerned
