"""Apps that end a session, or change its user, before they answer a request."""

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
    returned switch is on, before each request."""

    def make(function, tells_users):
        served, switch = Served(), []
        if tells_users:
            served.realtime.identify(lambda: session.get("user"))
        served.app.add_url_rule("/in", "in", lambda: session.update(user="ada") or "")

        @served.app.before_request
        def change():
            if switch:
                function(session)

        served.client.get("/in")
        return served, switch

    return make


@pytest.mark.parametrize(
    ("function", "tells_users"),
    [(end, True), (end, False), (log_out, True), (log_in_another, True)],
)
def test_page_does_not_come_back_whose_session_the_app_ends_first(
    make_served, function, tells_users
):
    """An app ends each session that is too old, or whose user is banned, before it answers a
    request. A page that was away comes back: by HTTP it would be a stranger's, and its socket is
    closed before it hears anything."""
    served, switch = make_served(function, tells_users)
    page = served.show()
    switch.append(True)

    assert THE_SESSION_CHANGED in come_back(served, page)


@pytest.mark.parametrize("tells_users", [True, False])
def test_page_comes_back_whose_session_the_app_only_writes_into(make_served, tells_users):
    """An app notes each visit in the session. It stays the same user's, and its pages come back."""
    served, switch = make_served(note_a_visit, tells_users)
    page = served.show()
    switch.append(True)

    assert THE_SESSION_CHANGED not in come_back(served, page)
