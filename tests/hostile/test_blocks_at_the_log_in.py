"""A page fetches its blocks while a call logs in, and its session gets another id."""

import threading

import pytest

from tests.eventually import DEADLINE, eventually

from .people import Person


@pytest.fixture(params=["gevent", "gthread"])
def server(share, request, folder_of_holds):
    environ = {"KEPT_BY": "server", "HOLD": str(folder_of_holds)}
    environ["SESSIONS"] = str(folder_of_holds.parent)
    return share("accounts:app", request.param, ALLOW_CALLS=True, environ=environ)


@pytest.mark.parametrize("path", ["/rooms/1", "/rooms/1?own"], ids=["stamped", "by_the_template"])
@pytest.mark.parametrize("before", [None, "somebody"], ids=["stranger", "another"])
def test_log_in_by_a_call_is_taken_over_though_blocks_are_fetched(server, hold, before, path):
    """The session's former id leads to nothing by then. The answer with the blocks begins no
    session of its own, whose cookie would take the place of the one by which the page is to fetch
    the log-in, even where its template asks for the page's id."""
    person, replies = Person(server.url), []
    if before is not None:
        person.log_in(before)
    page = person.show(path)
    with person.open(page, resume=True) as socket:
        socket.resume()
        form = {"user": "ada", "held": "1"}
        calling = threading.Thread(
            target=lambda: replies.append(socket.call("/login", method="post", input=form))
        )
        calling.start()
        eventually((hold / "arrived").exists)

        headers = {"X-Realtime-Block": "messages", "Sec-Fetch-Site": "same-origin"}
        answer = person.http.get(f"{server.url}{path}", headers=headers, timeout=DEADLINE)
        (hold / "go").touch()
        calling.join(DEADLINE)
    person.take_over(page, replies[0])

    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert person.me()["user"] == "ada"
