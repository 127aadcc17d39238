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
    """The first warning of a kind is logged at once, whatever other kinds were logged before."""
    warnings.warn("one", "Closing a.")
    warnings.warn("other", "Refused b.")

    assert caplog.messages == ["Closing a.", "Refused b."]


def test_many_warnings_become_one_line_that_tells_their_number(warnings, caplog, monkeypatch):
    """Warnings of one kind within a second become one line: the latest, and their number."""
    monkeypatch.setattr(module, "SECONDS", 0.5)

    for number in range(100):
        warnings.warn("one", f"Closing {number}.")
    eventually(lambda: len(caplog.messages) > 1)

    assert caplog.messages == [
        "Closing 0.",
        "Closing 99. (One of 99 such warnings since the last.)",
    ]


def test_second_warning_alone_is_logged_as_it_is(warnings, caplog, monkeypatch):
    """A single second warning is logged a little later than the first, without a number."""
    monkeypatch.setattr(module, "SECONDS", 0.5)

    warnings.warn("one", "Closing a.")
    warnings.warn("one", "Closing b.")

    eventually(lambda: caplog.messages == ["Closing a.", "Closing b."])


def test_warning_that_comes_after_a_while_is_logged_at_once(warnings, caplog, clock):
    """A warning that comes a second after the last of its kind is logged at once."""
    for number in range(3):
        warnings.warn("one", f"Closing {number}.")
        clock.now += module.SECONDS

    assert caplog.messages == ["Closing 0.", "Closing 1.", "Closing 2."]


def test_warning_is_logged_where_there_is_no_thread_to_wait(warnings, caplog):
    """A warning is logged at once if the system has no thread left that could wait with it."""
    with no_thread_to_be_had():
        warnings.warn("one", "Closing a.")
        warnings.warn("one", "Closing b.")

    assert caplog.messages == ["Closing a.", "Closing b."]


def test_forgotten_warnings_hold_no_other_back(warnings, caplog):
    """After forget() the next warning of each kind is logged at once."""
    warnings.warn("one", "Closing a.")

    warnings.forget()
    warnings.warn("one", "Closing b.")

    assert caplog.messages == ["Closing a.", "Closing b."]
