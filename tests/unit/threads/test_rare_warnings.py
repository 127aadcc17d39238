"""Warnings that clients can cause as often as they like."""

import logging

import pytest

from flask_realtime.threads import rare_warnings as module
from flask_realtime.threads.rare_warnings import RareWarnings
from tests.eventually import eventually

from ..starvation import no_thread_to_be_had


@pytest.fixture
def warnings():
    return RareWarnings(logging.getLogger("flask_realtime.test"))


def test_first_warning_of_each_kind_is_logged_at_once(warnings, caplog):
    """Whatever other kinds were logged a moment before."""
    warnings.warn("one", "Closing a.")
    warnings.warn("other", "Refused b.")

    assert caplog.messages == ["Closing a.", "Refused b."]


def test_many_warnings_become_one_line_that_tells_their_number(warnings, caplog, monkeypatch):
    """The line is that of the latest."""
    monkeypatch.setattr(module, "SECONDS", 0.5)

    for number in range(100):
        warnings.warn("one", f"Closing {number}.")
    eventually(lambda: len(caplog.messages) > 1)

    assert caplog.messages == [
        "Closing 0.",
        "Closing 99. (One of 99 such warnings since the last.)",
    ]


def test_second_warning_alone_is_logged_as_it_is(warnings, caplog, monkeypatch):
    """A little later than the first."""
    monkeypatch.setattr(module, "SECONDS", 0.5)

    warnings.warn("one", "Closing a.")
    warnings.warn("one", "Closing b.")

    eventually(lambda: caplog.messages == ["Closing a.", "Closing b."])


def test_warning_that_comes_after_a_while_is_logged_at_once(warnings, caplog, clock):
    """Only many at a time are counted."""
    for number in range(3):
        warnings.warn("one", f"Closing {number}.")
        clock.now += module.SECONDS

    assert caplog.messages == ["Closing 0.", "Closing 1.", "Closing 2."]


def test_warning_is_logged_where_there_is_no_thread_to_wait(warnings, caplog):
    """Nothing is lost."""
    with no_thread_to_be_had():
        warnings.warn("one", "Closing a.")
        warnings.warn("one", "Closing b.")

    assert caplog.messages == ["Closing a.", "Closing b."]


def test_forgotten_warnings_hold_no_other_back(warnings, caplog):
    """The next one is logged at once."""
    warnings.warn("one", "Closing a.")

    warnings.forget()
    warnings.warn("one", "Closing b.")

    assert caplog.messages == ["Closing a.", "Closing b."]
