"""How a refusal quotes a part of a client's message."""

from __future__ import annotations

from flask_realtime.messages.show import show


def test_value_is_shown_as_the_client_wrote_it():
    """A value is quoted as JSON in ASCII."""
    assert show({"a": [None, "ü\n"]}) == '{"a": [null, "\\u00fc\\n"]}'


def test_value_of_any_size_is_shown_in_one_line():
    """A large value is cut, so that the refusal stays one short line."""
    assert show("x" * 1_000_000) == '"' + "x" * 99 + "…"


def test_value_is_not_written_beyond_what_is_shown():
    """To write a list of 60,000 lists takes some milliseconds."""
    unwritable = object()

    assert show([[1, 2]] * 100 + [unwritable]) == "[" + "[1, 2], " * 12 + "[1,…"
