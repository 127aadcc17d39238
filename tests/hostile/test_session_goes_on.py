"""A session that is begun anew for the same user may go on with the cookie of before."""

import pytest

from .people import Person


@pytest.fixture(params=["gevent", "gthread"])
def processes(share, request):
    """The addresses of two processes that share a Valkey."""
    settings = {"kind": request.param, "registry": "redis", "REDIS_PREFIX": "goes-on"}
    return [share("accounts:app", **settings, environ={"N": one}).url for one in "12"]


def test_browser_that_got_no_answer_goes_on_in_every_process(processes):
    """A user's session is begun anew, and the answer is lost on its way. The user is logged in as
    before, and fills a cart, whichever process is asked."""
    person = Person(processes[0])
    person.log_in("somebody")
    page = person.show("/inbox")
    late = person.copy()
    with person.open(page, url=processes[1]) as socket:
        socket.settle()
        person.navigate("/renew", "POST")
        # By then the other process has heard of it.
        assert socket.close_code() == 4001

    answers = []
    for url in processes:
        late.url = url
        answers.append(late.navigate("/cart", "POST", data={"cart": "full"}))

    assert all("Set-Cookie" in one.headers for one in answers)
