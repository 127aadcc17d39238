"""Cookies and sessions that messages change, and how their browser fetches the changes."""

from __future__ import annotations

import logging
from datetime import datetime, timezone

import pytest
from flask import Response, request, session

from flask_realtime.errors import RegistryUnavailable
from flask_realtime.identity.keys import SOCKET_KEY
from tests.eventually import eventually

from ..conversations import put
from ..warned import assert_few_lines_tell_of


def test_message_sees_what_an_earlier_one_put_into_the_session(browser):
    """The messages of one socket share a session."""
    socket = browser.open_socket()

    put(socket, a=1)

    assert socket.call("/session")["body"] == {"a": 1}


def test_reply_tells_that_the_session_waits_and_the_browser_takes_it_over(browser):
    """A message changes the session. Its reply says so, and the browser fetches the change."""
    socket = browser.open_socket()

    reply = put(socket, a=1)
    before = browser.session()
    response = browser.take_over()

    assert reply["session"]
    assert before == {}
    assert response.status_code == 204
    assert browser.session() == {"a": 1}


def test_reply_tells_of_no_session_where_nothing_changed(app, browser):
    """A message only reads the session. Its reply asks the browser to fetch nothing, although the
    cookie was renewed."""
    app.permanent_session_lifetime = 100
    with browser.client.session_transaction() as stored:
        stored.permanent = True
    socket = browser.open_socket()

    reply = socket.call("/session")

    assert "session" not in reply
    assert browser.registry.connect(browser.digest, "asks").waiting == []


def test_browser_takes_over_each_kind_of_change(app, browser):
    """New, changed and removed keys reach the browser, with values beyond plain JSON."""
    when = datetime(2024, 2, 29, 12, tzinfo=timezone.utc)
    with browser.client.session_transaction() as stored:
        stored.update(kept=1, changed=1, gone=1)

    def change(message):
        session.update(changed=2, new=(1, when))
        session.permanent = True
        del session["gone"]

    browser.open_socket({"change": change}).say("change")
    browser.take_over()

    assert browser.session() == {"kept": 1, "changed": 2, "new": (1, when), "_permanent": True}


def test_browser_takes_over_changes_in_their_order(browser):
    """Several messages set the same key. The browser gets the last value."""
    socket = browser.open_socket()
    for value in (1, 2, 3):
        put(socket, a=value)

    browser.take_over()

    assert browser.session() == {"a": 3}


def test_change_made_by_http_meanwhile_wins(browser, caplog):
    """HTTP has changed a value since a message did. The message's changes are all dropped, because
    half of them would be a state that nobody meant. A warning names what HTTP has changed."""
    with browser.client.session_transaction() as stored:
        stored.update(a=1, b=1)
    socket = browser.open_socket()
    put(socket, a=2, b=2)

    browser.client.post("/set", json={"a": 9})
    browser.take_over()

    assert browser.session() == {"a": 9, "b": 1}
    eventually(lambda: "HTTP has changed 'a' there meanwhile" in caplog.text, lambda: caplog.text)


def test_cookies_of_a_message_that_came_too_late_are_dropped_with_its_changes(app, browser):
    """A message's cookies are dropped together with its session changes."""

    @app.post("/both")
    def both():
        session["a"] = 2
        response = Response("")
        response.set_cookie("theme", "dark")
        return response

    socket = browser.open_socket()
    socket.call("/both", method="post")
    browser.client.post("/set", json={"a": 9})

    handed = browser.take_over().headers.getlist("Set-Cookie")

    assert handed == []
    assert browser.session() == {"a": 9}


def test_log_out_by_http_is_not_undone_by_a_socket(browser):
    """A socket stays open through a log-out by HTTP. Its later changes do not bring back the former
    session."""
    with browser.client.session_transaction() as stored:
        stored.update(user=1, visits=1)
    socket = browser.open_socket()

    browser.client.post("/set", json={"user": None})
    put(socket, visits=2)
    browser.take_over()

    assert browser.session() == {"user": None, "visits": 2}


def test_session_cleared_over_a_socket_is_cleared_and_gets_another_key(browser):
    """A log-out over the socket clears the browser's session, and ends all that was granted
    before."""
    with browser.client.session_transaction() as stored:
        stored.update(user=1, visits=1)
    socket = browser.open_socket()

    reply = socket.call("/clear", method="post")
    browser.take_over()

    assert reply["session"]
    assert socket.call("/session")["body"] == {}
    assert browser.session() == {}
    with browser.client.session_transaction() as stored:
        assert stored[SOCKET_KEY] not in (None, browser.key)
    assert browser.registry.connect(browser.digest, "comes back").has_ended


@pytest.mark.parametrize("key", ["user", "cart"])
def test_session_cleared_over_a_socket_keeps_nothing_that_http_has_put_there(browser, key):
    """Another tab has written into the session since the socket opened, or has logged a user in
    where the app does not tell users. The call clears the session, and writes a new language."""
    with browser.client.session_transaction() as stored:
        stored.update(lang="de", theme="dark")
    socket = browser.open_socket({"clear": lambda _: clear_but(lang="fr", theme="dark")})
    browser.client.post("/set", json={key: 42})

    socket.say("clear")
    browser.take_over()

    assert browser.session() == {"lang": "fr", "theme": "dark"}


def clear_but(**kept):
    session.clear()
    session.update(kept)


def test_taking_over_twice_changes_nothing_more(browser):
    """A second request for the same changes is answered, and changes nothing."""
    put(browser.open_socket(), a=1)
    browser.take_over()
    browser.client.post("/set", json={"a": 2})

    response = browser.take_over()

    assert response.status_code == 204
    assert browser.session() == {"a": 2}


def test_answer_that_was_lost_is_given_again_to_the_same_taker(browser):
    """The network loses the answer with a log-in. The same page asks again and gets it; another
    page does not."""
    taker = {"X-Realtime-Taker": "1764145000000"}
    put(browser.open_socket(), a=1)
    browser.take_over(**taker)
    with browser.client.session_transaction() as stored:
        del stored["a"]

    browser.take_over(**{"X-Realtime-Taker": "1764145000001"})
    by_another = browser.session()
    browser.take_over(**taker)

    assert by_another == {}
    assert browser.session() == {"a": 1}


def test_other_cookies_are_handed_over_as_they_were_set(app, browser):
    """A cookie of a message reaches the browser with all its attributes, and is sent with the next
    message."""

    @app.get("/theme")
    def theme():
        response = Response(request.cookies.get("theme", "none"))
        response.set_cookie("theme", "dark", max_age=60, httponly=True, samesite="Strict")
        return response

    socket = browser.open_socket()

    first, second = socket.call("/theme"), socket.call("/theme")
    handed = browser.take_over().headers.getlist("Set-Cookie")

    assert (first["body"], second["body"]) == ("none", "dark")
    assert ("session" in first, "session" in second) == (True, False)
    assert [line for line in handed if line.startswith("theme=dark;")]
    assert "HttpOnly" in handed[0] and "SameSite=Strict" in handed[0]
    assert browser.client.get_cookie("theme").value == "dark"


def test_socket_that_opens_before_the_browser_took_over_has_what_waits(browser):
    """A socket reconnects before the browser has fetched the changes. Its session has them all the
    same."""
    put(browser.open_socket(), a=1)

    socket = browser.open_socket()

    reply = socket.call("/session")
    assert reply["body"] == {"a": 1}
    assert reply["session"]
    assert "session" not in socket.call("/session")


def test_socket_lays_over_other_cookies_that_wait(app, browser):
    """The next socket also sends cookies that still wait for the browser."""
    browser.open_socket({"set": _set_theme}).say("set")

    socket = browser.open_socket({"get": lambda message: request.cookies.get("theme", "none")})

    assert socket.say("get")["body"] == "dark"


def _set_theme(message):
    response = Response("")
    response.set_cookie("theme", "dark")
    return response


def test_change_that_can_not_be_handed_on_is_503_and_not_kept(browser, caplog):
    """The registry cannot store a change. The message is answered 503, and the socket's session
    does not change either."""

    def refuse(digest, item, heir):
        raise RegistryUnavailable("away")

    browser.registry.deposit = refuse
    socket = browser.open_socket({"read": lambda message: dict(session)})

    reply = put(socket, secret_value="geheim")

    assert reply["status"] == 503
    assert "secret_value" not in socket.say("read")["body"]
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "geheim" not in caplog.text


def test_lost_changes_fill_no_log_while_the_registry_is_away(browser, caplog):
    """A socket may send messages that change the session as often as it likes: the warnings get one
    line a second, which says how many it stands for."""

    def refuse(digest, item, heir):
        raise RegistryUnavailable("away")

    browser.registry.deposit = refuse
    socket = browser.open_socket()

    for _ in range(20):
        assert put(socket, a=1)["status"] == 503

    assert_few_lines_tell_of(20, caplog)


def test_what_waits_and_can_not_be_read_is_dropped(browser, caplog):
    """The secret key was replaced. Changes that were signed with it are dropped, and nothing
    else."""
    put(browser.open_socket(), a=1)
    good = browser.registry.connect(browser.digest, "asks").waiting[0]
    browser.registry.deposit(browser.digest, f"x{good}")

    assert browser.take_over().status_code == 204
    assert browser.session() == {"a": 1}
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
