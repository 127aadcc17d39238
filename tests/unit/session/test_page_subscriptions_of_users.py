"""Channels of users: which pages are subscribed to them, and what a log-in or log-out changes."""

from __future__ import annotations

import pytest
from flask import render_template_string, session

from flask_realtime.identity.keys import digest
from flask_realtime.protocol.pushes import Push
from flask_realtime.registries.memory.clients import present_moment
from tests.eventually import eventually

from .pages import HEADER, ID, KEY, PAGE, SCRIPTED, clients, id_of


def let_a_moment_pass():
    """Registries keep moments in whole ms."""
    now = present_moment()
    eventually(lambda: present_moment() > now + 1)


def test_page_of_a_user_hears_what_is_pushed_to_the_user(grants, process, ask):
    """A view subscribes the page of a logged-in user. The same round trip subscribes it to the
    user's channel."""
    ask(lambda: grants.subscribe(["a"]) or render_template_string(SCRIPTED), user="a:b")

    assert list(clients(process).values()) == [{"a", "@user:a%3Ab"}]


def test_page_of_a_user_that_subscribes_to_nothing_hears_it_too(process, ask):
    """A page whose view subscribes to nothing is subscribed to its user's channel once its response
    proves to be a page."""
    response = ask(lambda: render_template_string(SCRIPTED), user=42)

    assert list(clients(process).values()) == [{"@user:42"}]
    assert 'data-subscribed="true"' in response.text


@pytest.mark.parametrize(
    ("view", "stored"),
    [
        (lambda: PAGE, {"user": 42}),
        (lambda: render_template_string("{{ realtime_script() }}"), {"user": 42}),
        (lambda: (render_template_string(SCRIPTED), 404), {"user": 42}),
        (lambda: render_template_string(SCRIPTED), {}),
    ],
    ids=["no script", "no body", "refused", "stranger"],
)
def test_page_without_a_script_a_stamp_or_a_user_asks_nobody(process, ask, view, stored):
    """A page without realtime_script(), an id or a user costs no round trip."""
    process.registry.subscribe = lambda *args: pytest.fail("asked")

    ask(view, **stored)


def test_page_that_is_the_answer_to_a_log_in_hears_as_the_user(grants, process, ask):
    """A view subscribes its page and logs the visitor in. The page has the same subscriptions, from
    the same positions, as the user."""

    def view():
        grants.subscribe(["a"])
        process.registry.publish([Push("a", "1", None)])
        session["user"] = 42
        return render_template_string(SCRIPTED)

    response = ask(view, method="POST")

    connection_id = id_of(response)
    ((found, channels),) = clients(process).items()
    assert channels == {"a", "@user:42"}
    assert process.registry.subscriptions([found])[found]["a"].since.seq == 0
    assert found != digest("secret", KEY, connection_id, "42")


def test_page_that_is_the_answer_to_a_log_out_hears_nothing_of_the_user(grants, process, ask):
    """A view logs the visitor out. Its page does not receive what is pushed to the user."""

    def view():
        grants.subscribe(["a"])
        del session["user"]
        return render_template_string(SCRIPTED)

    ask(view, method="POST", user=42)

    assert list(clients(process).values()) == [{"a"}]


def test_page_that_logs_in_does_not_hear_what_its_user_is_put_out_of_meanwhile(
    grants, process, ask
):
    """While a view logs a user in, somebody removes the user from a channel. The page is not
    subscribed to it, although it had asked before the log-in."""

    def view():
        grants.subscribe(["a"])
        let_a_moment_pass()
        process.registry.end_user("42", "a")
        session["user"] = 42
        return render_template_string(SCRIPTED)

    ask(view, method="POST")

    assert list(clients(process).values()) == [{"@user:42"}]


# Secret keys that are being exchanged.


def test_open_page_that_was_rendered_under_an_earlier_key_is_found(grants, process, granting, ask):
    """A page was rendered under an earlier secret key, and its socket may be in a process that
    knows only that key. Its request finds its client."""
    granting.config["SECRET_KEY_FALLBACKS"] = ["earlier"]
    earlier = digest("earlier", KEY, ID)
    process.registry.subscribe(earlier, ["a"])

    ask(lambda: grants.subscribe(["b"]) or "", method="POST", headers=HEADER)

    assert clients(process) == {earlier: {"a", "b"}}


def test_page_that_subscribes_to_nothing_else_may_hear_its_user_at_once(grants, process, ask):
    """An empty @realtime.subscribes() subscribes the page to its user's channel before the view
    reads the user's data."""

    def view():
        grants.subscribe_user()
        process.registry.publish([Push("@user:42", "1", None)])
        return render_template_string(SCRIPTED)

    ask(view, user=42)

    ((found, channels),) = clients(process).items()
    assert channels == {"@user:42"}
    assert process.registry.subscriptions([found])[found]["@user:42"].since.seq == 0


def test_visitor_who_is_not_logged_in_has_no_channel(grants, process, ask):
    """The registry is not asked for a page without a user."""
    ask(lambda: grants.subscribe_user() or PAGE)

    assert clients(process) == {}
