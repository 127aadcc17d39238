"""A log-in over a socket waits for its browser, which meanwhile logs in as somebody else."""

import pytest

from .people import Person


@pytest.fixture(params=["identified", "says nothing"])
def server(share, request):
    environ = {"SAYS_NOTHING": "1"} if request.param == "says nothing" else {}
    return share("accounts:app", ALLOW_CALLS=True, environ=environ)


def test_log_in_that_waits_lands_in_nobody_elses_session(server):
    """No part of the log-in that waited is applied: alice's account must not get bob's name."""
    person = Person(server.url)
    page = person.show()
    with person.open(page, resume=True) as socket:
        socket.resume()
        reply = socket.call("/login", method="post", input={"user": "bob", "name": "Bob"})
        assert reply["session"]

        # No page is loaded before this log-in, so that its cookie has nothing of the other log-in.
        person.log_in("alice", "nobody")
        person.take_over(page)

    assert person.me() == {"user": "alice", "name": "nobody"}
