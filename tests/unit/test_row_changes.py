"""Which channels a database commit refreshes."""

import pytest
from sqlalchemy import delete, event, update
from sqlalchemy.orm import Session

from flask_realtime import InvalidChannel

from .watched import watchers


@pytest.fixture
def watch(rows):
    def forget(watcher):
        event.remove(Session, "after_flush", watcher._after_flush)

    with watchers(rows.message, forget) as watch:
        yield watch


def test_new_row_concerns_its_channel(session, rows, watch):
    """A new row refreshes its channel once, after the commit."""
    told = watch()
    session.add_all([rows.message(room_id=1), rows.message(room_id=1), rows.message(room_id=2)])
    session.flush()
    session.add(rows.message(room_id=1))
    session.flush()
    assert told == []

    session.commit()

    assert told == [["room:1", "room:2"]]


def test_deleted_row_concerns_its_channel(session, rows, watch):
    """A deleted row refreshes its channel, also one that is deleted as an orphan of its parent."""
    told = watch()
    session.delete(session.get(rows.message, 1))
    session.commit()
    session.add(rows.message(id=2, room_id=2))
    session.commit()
    room = session.get(rows.room, 2)
    room.messages.clear()

    session.commit()

    assert told == [["room:1"], ["room:2"], ["room:2"]]


@pytest.mark.parametrize("is_expired", [True, False])
def test_row_that_moves_concerns_both_channels(session, rows, watch, is_expired):
    """A row moves to another channel. Both are refreshed, even if the row's former values were not
    loaded."""
    told = watch()
    message = session.get(rows.message, 1)
    if is_expired:
        session.expire(message)
    message.room_id = 2

    session.commit()

    assert told == [["room:1", "room:2"]]


def test_row_that_moves_by_a_relationship(session, rows, watch):
    """A format may read a relationship of the row, whose change moves the row."""
    told = watch("room:{room.id}")
    session.get(rows.message, 1).room = session.get(rows.room, 2)

    session.commit()

    assert told == [["room:1", "room:2"]]


def test_only_some_columns_count(session, rows, watch):
    """A change of a column outside of columns= refreshes nothing; a move to another channel always
    does."""
    told = watch(columns=("text",))
    message = session.get(rows.message, 1)
    message.stars = 5
    session.commit()
    assert told == []

    message.text = "b"
    session.commit()
    message.room_id = 2
    session.commit()

    assert told == [["room:1"], ["room:1", "room:2"]]


def test_row_that_is_set_to_what_it_was_concerns_nobody(session, rows, watch):
    """A row is set to the values that it has. Nothing is refreshed."""
    told = watch()
    message = session.get(rows.message, 1)
    assert message.text == "a"
    message.text = "a"

    session.commit()

    assert told == []


def test_function_names_several_channels(session, rows, watch):
    """A function returns several names, for the row's former and its new values."""
    told = watch(lambda row: [f"room:{row.room_id}", "all"])
    session.get(rows.message, 1).room_id = 2

    session.commit()

    assert told == [["room:1", "all", "room:2"]]


def test_what_is_rolled_back_concerns_nobody(session, rows, watch):
    """A rolled back savepoint refreshes nothing of its rows; a released one does at the commit."""
    told = watch()
    session.get(rows.message, 1).text = "b"
    session.rollback()
    session.add(rows.message(room_id=1))
    session.flush()
    with session.begin_nested():
        session.add(rows.message(room_id=2))
    session.commit()

    assert told == [["room:1", "room:2"]]


def test_statements_in_bulk_are_not_seen(session, rows, watch):
    """Bulk statements have no rows and refresh nothing, as the documentation says."""
    told = watch()
    session.execute(update(rows.message).values(text="c"))
    session.execute(delete(rows.message))

    session.commit()

    assert told == []


def test_function_that_returns_none_names_no_channel(session, rows, watch, caplog):
    """A function returns None for a row, which refreshes nothing and logs nothing."""
    told = watch(lambda row: f"room:{row.room_id}" if row.text else None)
    session.add(rows.message(room_id=1))
    session.commit()
    session.get(rows.message, 1).text = None
    session.commit()

    assert told == [["room:1"]]
    assert not caplog.records


def test_function_that_returns_no_name_is_logged(session, rows, watch, caplog):
    """A function returns a number. The log says what is expected."""
    watch(lambda row: row.room_id)
    session.add(rows.message(room_id=1))

    session.commit()

    assert (
        "function of refresh_on_commit returned 1, but must return the name of a channel"
        in caplog.text
    )


def test_function_that_fails_undoes_nothing(session, rows, watch, caplog):
    """A function fails. The commit stands, and the log has the error."""
    told = watch(lambda row: 1 / 0)
    session.add(rows.message(id=5, room_id=1))

    session.commit()

    assert session.get(rows.message, 5) is not None
    assert told == []
    assert "channels for a Message" in caplog.text


@pytest.mark.parametrize(
    ("given", "error", "told"),
    [
        ({"names": "room:{rom_id}"}, ValueError, "the attribute 'rom_id'"),
        ({"columns": ("txt",)}, ValueError, "the attribute 'txt'"),
        ({"model": int}, TypeError, "a mapped class"),
        ({"columns": "text"}, TypeError, r"columns is 'text', .* \('text',\)"),
        ({"names": ["room:1"]}, TypeError, "takes a format"),
        ({"names": "room:*"}, InvalidChannel, "Name each channel"),
        ({"names": "room:{}"}, InvalidChannel, "field without a name"),
        ({"names": "room:{0}"}, InvalidChannel, "field without a name"),
        ({"names": "room:{room_id"}, InvalidChannel, "not a valid format"),
        ({"names": "@user:{room_id}"}, InvalidChannel, r"realtime\.to_user"),
        ({"names": ""}, InvalidChannel, "empty"),
    ],
)
def test_what_makes_no_sense_is_refused_at_once(watch, given, error, told):
    """Invalid arguments are errors at once, and not at the first commit."""
    with pytest.raises(error, match=told):
        watch(**given)


def test_table_or_row_in_place_of_its_class_is_refused(rows, watch):
    """A table or a row in place of a mapped class is an error."""
    for model in (rows.message.__table__, rows.message()):
        with pytest.raises(TypeError, match="neither its table nor one of its rows"):
            watch(model=model)


def test_function_of_names_takes_a_row(rows, watch):
    """A function that does not take one row is an error where it is given, and not at a commit."""
    with pytest.raises(TypeError, match=r"'row', .* are \(\): write \(row\) in their place"):
        watch(names=lambda: "room:1")
