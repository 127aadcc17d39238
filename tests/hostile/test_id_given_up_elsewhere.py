"""A session that the app's store keeps has another id since a log-in, by another process."""

import threading

import pytest

from tests.eventually import DEADLINE, eventually

from .people import Person, somebody


@pytest.fixture
def processes(share, folder_of_holds):
    """The addresses of two processes that share a Valkey, and the app's store of sessions."""
    environ = {"HOLD": str(folder_of_holds), "KEPT_BY": "server"}
    environ["SESSIONS"] = str(folder_of_holds.parent)
    settings = {"registry": "redis", "REDIS_PREFIX": "given-up"}
    return [share("accounts:app", **settings, environ=environ | {"N": one}).url for one in "12"]


@pytest.fixture
def log_in(processes):
    """A function that logs a person in, and returns once the other process has heard of it."""

    def log_in(person):
        other = somebody(processes[0], "another")
        with other.open(other.show("/inbox"), url=processes[1]) as socket:
            socket.settle()
            person.log_in("somebody")
            other.log_out()
            assert socket.close_code() == 4001

    return log_in


@pytest.fixture
def visitors(processes):
    """A visitor who has seen no page, so that the session has no key, and a copy of the visitor's
    browser that asks the other process."""
    visitor = Person(processes[0])
    visitor.navigate("/cart", "POST", data={"cart": "full"})
    late = visitor.copy()
    late.url = processes[1]
    return visitor, late


def test_page_that_was_asked_for_before_logs_nobody_out(visitors, log_in, hold):
    """A page is asked for by a visitor, who logs in meanwhile. Flask-Session saves a session with
    each answer: it would be there again under its former id, which the browser would take."""
    visitor, late = visitors
    answers = []
    asking = threading.Thread(target=lambda: answers.append(late.navigate("/late/1")))
    asking.start()
    eventually((hold / "arrived").exists)

    log_in(visitor)
    (hold / "go").touch()
    asking.join(DEADLINE)

    assert answers[0].status_code == 200
    assert "Set-Cookie" not in answers[0].headers
    assert visitor.me()["user"] == "somebody"


def test_request_that_comes_with_the_former_id_logs_nobody_out(visitors, log_in):
    """The log-in is answered before the server reads the request, which finds no session."""
    visitor, late = visitors

    log_in(visitor)
    answer = late.navigate("/cart", "POST", data={"cart": "other"})

    assert answer.status_code == 204
    assert "Set-Cookie" not in answer.headers


def test_form_that_comes_with_the_former_id_logs_in(visitors, log_in):
    """The answer to the log-in was lost, and the form is sent once more."""
    visitor, late = visitors

    log_in(visitor)
    late.log_in("somebody")

    assert late.me()["user"] == "somebody"
