"""The time at which a request came, and the users and channels that it has revoked."""

import threading

import pytest
from flask import Flask, request

from flask_realtime.page.request_times import (
    counts_from,
    decided_at,
    let_revocation_pass,
    note_arrival,
    note_disconnect,
    note_revocation,
)
from flask_realtime.registries.memory.clients import moment_of, present_moment
from flask_realtime.threads import clock
from tests.eventually import eventually


@pytest.fixture
def in_request():
    with Flask(__name__).test_request_context():
        yield


def test_request_came_when_it_was_noted_first(in_request):
    """A request that is dispatched within another one has the time of the outer one."""
    note_arrival(request)
    came = counts_from("42")

    note_arrival(request)

    assert counts_from("42") == came <= clock.monotonic()


def test_request_that_was_not_noted_comes_now(in_request):
    """A request whose time was not recorded counts as coming now, so nothing was revoked before
    it."""
    before = clock.monotonic()

    assert before <= counts_from("42")


def test_request_that_disconnects_a_user_counts_from_then_on(in_request):
    """For that user, and no other, the request counts as coming after the disconnect."""
    note_arrival(request)
    came, before = counts_from("43"), clock.monotonic()

    note_disconnect("42")

    assert counts_from("42") > before >= came
    assert counts_from("43") == came


@pytest.mark.parametrize("revoke", [note_revocation, lambda: note_disconnect("42")])
def test_what_a_request_gives_is_later_than_what_it_has_revoked(in_request, revoke):
    """A request revokes a subscription and grants it again within one millisecond. The grant is
    later."""
    for _ in range(20):
        revoked = present_moment()
        revoke()
        let_revocation_pass()
        assert present_moment() > revoked


def test_nothing_is_noted_outside_of_requests():
    """A task without a request disconnects a user without an error."""
    note_revocation()
    note_disconnect("42")


def test_what_a_request_gives_is_later_than_what_was_revoked_right_before_it_came():
    """A user is put out of a channel, and asks for it again within the same millisecond, by another
    request. The grant is later."""
    for _ in range(20):
        revoked = present_moment()
        note_revocation()
        with Flask(__name__).test_request_context():
            note_arrival(request)
            let_revocation_pass()
            assert moment_of(decided_at()) > revoked
            assert decided_at() <= clock.monotonic()


def test_request_that_came_before_a_revocation_is_the_earlier_one(in_request):
    """A request is under way while another one puts its user out of a channel. What it asks for
    was decided before."""
    note_arrival(request)
    came = decided_at()
    eventually(lambda: clock.monotonic() > came + 0.002)
    note_elsewhere = threading.Thread(target=note_revocation)
    note_elsewhere.start()
    note_elsewhere.join()

    assert decided_at() == came
