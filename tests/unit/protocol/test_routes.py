"""The route of an entry: its kind, and the clients that it is for."""

import pytest

from flask_realtime.protocol.routes import TO_ALL, Route


@pytest.mark.parametrize(
    "route",
    [TO_ALL, Route(to="ab"), Route(but_for="ab"), Route("html"), Route("refresh", but_for="ab")],
)
def test_route_is_read_as_it_was_written(route):
    """Every process reads the route that was written."""
    assert Route.parse(str(route)) == route


def test_message_for_all_costs_nothing():
    """The route of an ordinary message takes no byte in the log."""
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
    """A route is for all clients, for one, or for all but some."""
    assert [digest for digest in ("a", "b") if route.concerns(digest)] == concerned
