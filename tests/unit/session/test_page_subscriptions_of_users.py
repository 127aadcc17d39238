"""What the pages of users hear, and pages whose session changes hands."""

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
    """In the round trip in which its view subscribes it."""
    ask(lambda: grants.subscribe(["a"]) or render_template_string(SCRIPTED), user="a:b")

    assert list(clients(process).values()) == [{"a", "@user:a%3Ab"}]


def test_page_of_a_user_that_subscribes_to_nothing_hears_it_too(process, ask):
    """Once its response proves to be a page."""
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
    """Not a round trip more."""
    process.registry.subscribe = lambda *args: pytest.fail("asked")

    ask(view, **stored)


def test_page_that_is_the_answer_to_a_log_in_hears_as_the_user(grants, process, ask):
    """What its view subscribed as a stranger it hears under its final name, from the same place."""

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
    """It goes on as a stranger's."""

    def view():
        grants.subscribe(["a"])
        del session["user"]
        return render_template_string(SCRIPTED)

    ask(view, method="POST", user=42)

    assert list(clients(process).values()) == [{"a"}]


def test_page_that_logs_in_does_not_hear_what_its_user_is_put_out_of_meanwhile(
    grants, process, ask
):
    """What it had asked for as a stranger counts from then on."""

    def view():
        grants.subscribe(["a"])
        let_a_moment_pass()
        process.registry.end_user("42", "a")
        session["user"] = 42
        return render_template_string(SCRIPTED)

    ask(view, method="POST")

    assert list(clients(process).values()) == [{"@user:42"}]


# Secret keys that rotate.


def test_open_page_that_was_rendered_under_an_earlier_key_is_found(grants, process, granting, ask):
    """Its socket may live in a process that knows no other."""
    granting.config["SECRET_KEY_FALLBACKS"] = ["earlier"]
    earlier = digest("earlier", KEY, ID)
    process.registry.subscribe(earlier, ["a"])

    ask(lambda: grants.subscribe(["b"]) or "", method="POST", headers=HEADER)

    assert clients(process) == {earlier: {"a", "b"}}


def test_page_that_subscribes_to_nothing_else_may_hear_its_user_at_once(grants, process, ask):
    """What is pushed to the user while the view reads the user's data is in the first messages."""

    def view():
        grants.subscribe_user()
        process.registry.publish([Push("@user:42", "1", None)])
        return render_template_string(SCRIPTED)

    ask(view, user=42)

    ((found, channels),) = clients(process).items()
    assert channels == {"@user:42"}
    assert process.registry.subscriptions([found])[found]["@user:42"].since.seq == 0


def test_stranger_has_no_channel_of_his_own(grants, process, ask):
    """Nobody is asked for a page without a user."""
    ask(lambda: grants.subscribe_user() or PAGE)

    assert clients(process) == {}
