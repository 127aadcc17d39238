"""A user has so long a name that its channel name would be too long."""

import pytest

from .people import Person


@pytest.fixture(params=[("gevent", "memory", 1), ("gevent", "redis", 2)], ids=["memory", "redis"])
def server(share, request):
    return share("accounts:app", *request.param)


@pytest.mark.parametrize("name", ["x" * 191, "测" * 22, "😀" * 16], ids=["x", "Chinese", "emoji"])
def test_owner_of_a_long_name_is_a_user_as_any_other(server, name):
    """Pages, pushes to the user, exclusion from a room, and a ban work as for other users."""
    person, other, admin = Person(server.url), Person(server.url), Person(server.url)
    person.log_in(name)
    other.log_in(name + "x")
    page = person.show("/rooms/1")
    with person.open(page) as socket, other.open(other.show("/")) as neighbour:
        socket.settle()
        neighbour.settle()

        admin.post(f"/kick/{name}/1")
        admin.post("/send/room:1", json="not for him")
        admin.post(f"/tell/{name}", json="psst")
        admin.post(f"/tell/{name}x", json="for the other")

        assert socket.payloads(1) == ["psst"]
        assert neighbour.payloads(1) == ["for the other"]
        admin.post(f"/ban/{name}")
        assert socket.close_code() == 1000
    with person.open(page, resume=True) as socket:
        assert socket.close_code() == 4001
