"""Apps that end a session, or change its user, before or after they answer a request."""

import pytest
from flask import session

from .served import Line, Served

THE_SESSION_CHANGED = b"\x0f\xa1The session changed."


def end(session):
    session.clear()


def log_out(session):
    session.pop("user")


def log_in_another(session):
    session["user"] = "ben"


def note_a_visit(session):
    session["visits"] = session.get("visits", 0) + 1


def come_back(served, page):
    """Return what a page's socket receives from its handshake on."""
    with Line() as line:
        line.say_goodbye()
        answer = served.handshake(page, line.ours)
        assert answer.status_code == 101
        line.ours.close()
        return line.read_to_end()


@pytest.fixture
def make_served():
    """A function that returns an app of users, whose session *function* changes from when the
    returned switch is on, before each request or after it."""

    def make(function, tells_users, is_behind=False):
        served, switch = Served(), []
        if tells_users:
            served.realtime.identify(lambda: session.get("user"))
        served.app.add_url_rule("/in", "in", lambda: session.update(user="ada") or "")

        def change(response=None):
            if switch:
                function(session)
            return response

        (served.app.after_request if is_behind else served.app.before_request)(change)

        served.client.get("/in")
        return served, switch

    return make


behind_too = pytest.mark.parametrize("is_behind", [False, True], ids=["before", "after"])


@behind_too
@pytest.mark.parametrize(
    ("function", "tells_users"),
    [(end, True), (end, False), (log_out, True), (log_in_another, True)],
)
def test_page_does_not_come_back_whose_session_the_app_ends(
    make_served, function, tells_users, is_behind
):
    """An app ends each session that is too old, or whose user is banned, before or after it answers
    a request. A page that was away comes back: by HTTP it would be a stranger's from now on, and
    its socket is closed before it hears anything."""
    served, switch = make_served(function, tells_users, is_behind)
    page = served.show()
    switch.append(True)

    assert THE_SESSION_CHANGED in come_back(served, page)


@behind_too
@pytest.mark.parametrize("tells_users", [True, False])
def test_page_comes_back_whose_session_the_app_only_writes_into(
    make_served, tells_users, is_behind
):
    """An app notes each visit in the session. It stays the same user's, and its pages come back."""
    served, switch = make_served(note_a_visit, tells_users, is_behind)
    page = served.show()
    switch.append(True)

    assert THE_SESSION_CHANGED not in come_back(served, page)


def test_handshake_that_is_refused_for_want_of_a_user_stays_refused():
    """The app notes each visit in the session, and its database of users is away all the time."""
    served, switch = Served(), []

    @served.realtime.identify
    def tell_user():
        if switch:
            raise ConnectionError("the database is away")
        return session.get("user")

    served.app.before_request(lambda: note_a_visit(session))
    served.app.add_url_rule("/in", "in", lambda: session.update(user="ada") or "")
    served.client.get("/in")
    page = served.show()
    switch.append("away")

    with Line() as line:
        assert served.handshake(page, line.ours).status_code == 503


@pytest.mark.parametrize("uses_page", [False, True])
def test_page_comes_back_later_where_the_app_cannot_say_whose_session_it_has_by_then(uses_page):
    """The app logs a user out at the handshake, and its database of users is away from then on. The
    client is told to try again, whether or not the app has used the page."""
    served, switch = Served(), []

    @served.realtime.identify
    def tell_user():
        if "out" in switch:
            raise ConnectionError("the database is away")
        return session.get("user")

    @served.app.after_request
    def log_out_now(response):
        if switch:
            assert not uses_page or served.realtime.socket.connection_id
            log_out(session)
            switch.append("out")
        return response

    served.app.add_url_rule("/in", "in", lambda: session.update(user="ada") or "")
    served.client.get("/in")
    page = served.show()
    switch.append("on")

    with Line() as line:
        answer = served.handshake(page, line.ours)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert answer.headers["Cache-Control"] == "no-store"
