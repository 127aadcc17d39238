"""A request that is made at the same time does not undo that a user's session was begun anew."""

import pytest

from .people import Person

KINDS = [("gevent", "memory"), ("gthread", "memory"), ("gevent", "redis")]


@pytest.fixture(params=KINDS, ids="-".join)
def processes(share, request):
    """The addresses of the process that begins the session anew, and of the one that is asked
    meanwhile."""
    kind, registry = request.param
    options = {"kind": kind, "registry": registry}
    environ = {"PERMANENT": "1"}
    if registry == "memory":
        return [share("accounts:app", **options, environ=environ).url] * 2
    options["REDIS_PREFIX"] = "renewed"
    return [share("accounts:app", **options, environ=environ | {"N": one}).url for one in "12"]


@pytest.mark.parametrize("way", ["/renew", "/password"])
def test_page_that_comes_with_the_cookie_of_before_leaves_the_living_session(processes, way):
    """A user changes the password, and the session is begun anew. Another tab has asked for
    something before the browser had the answer. Flask renews a permanent session's cookie with each
    answer, and the browser keeps that of the last: with the ended session no page of it would get a
    socket until the next log-in."""
    person = Person(processes[0])
    person.log_in("somebody")
    page = person.show("/inbox")
    late = person.copy()
    late.url = processes[1]
    with person.open(page, url=processes[1]) as socket:
        socket.settle()
        person.navigate(way, "POST", allow_redirects=False)
        # By then the process that is asked has heard of it.
        assert socket.close_code() in (1000, 4001)

    answer = late.navigate("/me")

    assert answer.json()["user"] == "somebody"
    assert "Set-Cookie" not in answer.headers
