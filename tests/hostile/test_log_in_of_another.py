"""A log-in that waits for its browser finds somebody else's session there."""

import pytest

from .people import Person


@pytest.fixture(params=["identified", "says nothing"])
def server(share, request):
    environ = {"SAYS_NOTHING": "1"} if request.param == "says nothing" else {}
    return share("accounts:app", ALLOW_CALLS=True, environ=environ)


def test_log_in_that_waits_lands_in_nobody_elses_session(server):
    """Neither whole nor by half: bob's name on alice's account would be worse than either."""
    person = Person(server.url)
    page = person.show()
    with person.open(page, resume=True) as socket:
        socket.resume()
        reply = socket.call("/login", method="post", input={"user": "bob", "name": "Bob"})
        assert reply["session"]

        # Without a page in between: its cookie has no trace of the other log-in.
        person.log_in("alice", "nobody")
        person.take_over(page)

    assert person.me() == {"user": "alice", "name": "nobody"}
