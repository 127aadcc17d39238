"""A link or form with the connection id of a thief's page does not subscribe that page."""

import pytest

from .people import Person, heard_until


@pytest.fixture
def server(share):
    # An app that does not identify its users, so that nothing else tells the two apart.
    return share("accounts:app", environ={"SAYS_NOTHING": "1"})


@pytest.mark.parametrize("way", ["link", "form", "old browser"])
def test_page_that_a_link_names_is_not_subscribed(server, way):
    """Both browsers have the thief's session, so that only this keeps the two pages apart."""
    thief = Person(server.url)
    page = thief.show()
    victim = thief.give_cookies_to(Person(server.url))
    victim.log_in("victim")

    with thief.open(page) as socket:
        if way == "old browser":
            victim.get(f"/rooms/private?socket_connection_id={page}")
        elif way == "link":
            victim.navigate(f"/rooms/private?socket_connection_id={page}")
        else:
            victim.navigate("/rooms/private", data={"socket_connection_id": page})
        thief.http.post(f"{server.url}/rooms/public", headers={"X-Realtime-Connection-Id": page})
        victim.post("/send/room:private", json="secret")
        thief.get("/rooms/thieves", headers={"X-Realtime-Connection-Id": page})
        victim.post("/send/room:thieves", json="last")

        assert heard_until(socket, "last") == []


def test_page_that_a_link_names_is_not_disconnected(server):
    """A link with the id of the victim's own page opens a new page; the earlier one stays open."""
    victim = Person(server.url)
    page = victim.show("/rooms/a")

    with victim.open(page) as socket:
        shown = victim.show(f"/rooms/b?socket_connection_id={page}")
        victim.post("/send/room:b", json="of the other page")
        victim.post("/send/room:a", json="last")

        assert heard_until(socket, "last") == []
    assert shown != page
