"""Rows that are searched among many values for a fragment's template."""

import pytest
from werkzeug.local import LocalProxy

from flask_realtime.unflushed_rows import MOST_VALUES, flush_passed_rows


@pytest.fixture
def message(rows, session):
    """A message that the database does not have yet."""
    message = rows.message()
    session.add(message)
    return message


def test_new_row_at_the_end_of_a_long_list_has_its_id(session, message):
    """A list is too long to search it whole. Its last values are searched."""
    looked_at = []

    class Item(dict):
        def values(self):
            looked_at.append(self)
            return super().values()

    items = [Item(n=n) for n in range(3 * MOST_VALUES)]

    flush_passed_rows("rows.html", {"rows": [*items, message], "items": items, "n": [1]}, session)

    assert message.id == 2
    assert len(looked_at) <= MOST_VALUES


@pytest.mark.parametrize("around", [lambda one: [one], lambda one: {"a": [{"b": one}]}])
def test_proxy_of_nobody_is_left_alone_wherever_it_lies(session, message, around):
    """A proxy without an object is ignored, and the row beside it is found."""

    def fail():
        raise RuntimeError("Working outside of request context.")

    flush_passed_rows("row.html", {"m": message, "around": around(LocalProxy(fail))}, session)

    assert message.id == 2


def test_list_that_makes_its_rows_as_it_is_read_is_no_error(rows, session):
    """A list creates its rows when it is read. Such rows are ignored, without an error."""

    class Fresh(list):
        def __iter__(self):
            yield rows.message()

    flush_passed_rows("rows.html", {"rows": Fresh()}, session)
