"""A user who is let into a room names an earlier position, to read what was said before that."""

import pytest

from .people import Person

KINDS = [("gthread", "memory", 1), ("gevent", "redis", 2)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(kind[:2]))
def test_member_who_comes_again_hears_nothing_of_the_time_between(share, kind):
    """A member is put out of a room, and let in again later. The new page names the position of the
    last message that the former page has heard: it hears what comes from now on, and is told that
    it lacks messages."""
    server = share("accounts:app", *kind)
    person, admin = Person(server.url), Person(server.url)
    person.log_in("somebody")
    with person.open(person.show("/rooms/1"), resume=True) as socket:
        socket.resume()
        admin.post("/send/room:1", json="for members")
        heard = socket.push()
    admin.post("/kick/somebody/1")
    admin.post("/send/room:1", json="without him")

    with person.open(person.show("/rooms/1"), resume=True) as socket:
        reply = socket.resume({"room:1": heard["position"]})
        admin.post("/send/room:1", json="with him")

        assert reply["lost"] == ["room:1"]
        assert socket.push()["lost"]
        assert socket.payloads(1) == ["with him"]
