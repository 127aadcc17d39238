"""A user is deleted, whose browser goes on with a session that names the user.

Flask-Login takes such a visitor for a stranger, because the app's user loader returns None.
"""

import pytest

from .people import Person, somebody


@pytest.fixture(params=["gevent", "gthread"])
def server(share, request):
    return share("logins:app", request.param)


@pytest.mark.parametrize("path", ["/about", "/news"])
def test_page_of_a_deleted_user_is_a_strangers(server, path):
    """The page, which anybody may load, does not hear what is pushed to the user."""
    user = f"deleted-{path[1:]}"
    person, admin = somebody(server.url, user), Person(server.url)
    with person.open(person.show(path), resume=True) as socket:
        socket.resume()
        admin.post(f"/tell/{user}", json="for you alone")
        assert socket.payloads(1) == ["for you alone"]

    admin.post(f"/delete/{user}")

    with person.open(person.show(path), resume=True) as socket:
        socket.resume()
        admin.post(f"/tell/{user}", json="for you alone, again")
        admin.post("/send/news", json="for everybody")
        if path == "/news":
            assert socket.payloads(1) == ["for everybody"]
        socket.settle()
        assert not [one for one in socket.kept if "channel" in one]
