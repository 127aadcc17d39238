"""Rows in a fragment's template that the database does not have yet."""

import asyncio
import json

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from jinja2 import DictLoader
from sqlalchemy import Column, ForeignKey, Integer, String, event, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, relationship
from werkzeug.local import LocalProxy

from flask_realtime import Realtime
from flask_realtime.errors import NotFlushed

ROW = '<li id="m{{ m.id }}">{{ m.text }}{{ m.state }}</li>'


@pytest.fixture
def app():
    app = Flask(__name__)
    app.secret_key = "secret"
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    rows = "{% for m in rows %}" + ROW + "{% endfor %}"
    room = "{% for m in room.messages %}" + ROW + "{% endfor %}"
    app.jinja_loader = DictLoader({"row.html": ROW, "rows.html": rows, "room.html": room})
    return app


@pytest.fixture
def realtime(app):
    return Realtime(app)


@pytest.fixture
def db(app):
    db = SQLAlchemy(app)

    class Room(db.Model):
        id = Column(Integer, primary_key=True)
        messages = relationship("Message", backref="room")

    class Message(db.Model):
        id = Column(Integer, primary_key=True)
        text = Column(String, unique=True)
        state = Column(String, default="!")
        room_id = Column(ForeignKey("room.id"))

    db.Room, db.Message = Room, Message
    with app.app_context():
        db.create_all()
        yield db
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def to_all(realtime, db):
    """An audience whose pushes wait for the session's commit."""
    return realtime.to("room:1", after_commit=db.session)


@pytest.fixture
def shown(app):
    """A function that returns the HTML sent to pages, and True for each refresh."""

    def shown():
        registry = app.extensions["realtime"].node().registry
        start = registry.read({"room:1": None}, 1)["room:1"].tail
        begin = start._replace(seq=0, tag="")
        page = registry.read({"room:1": begin}, 100_000)["room:1"]
        sent = [json.loads(one.payload) for one in page.publications]
        return [one if one is True else [change["html"] for change in one] for one in sent]

    return shown


def test_rows_that_are_new_have_their_ids_in_the_pages(db, to_all, shown):
    """Two new messages of one commit are shown with their own ids and their columns' defaults."""
    for text in ("one", "two"):
        message = db.Message(text=text)
        db.session.add(message)
        to_all.append("ul", "row.html", m=message)
    assert shown() == []

    db.session.commit()

    assert shown() == [['<li id="m1">one!</li>'], ['<li id="m2">two!</li>']]


@pytest.mark.parametrize(
    "passed",
    [
        lambda message: [message],
        lambda message: {"a": message}.values(),
        lambda message: [LocalProxy(lambda: message)],
    ],
    ids=["list", "values", "proxy"],
)
def test_new_row_in_a_list_has_its_id(db, to_all, shown, passed):
    """A row in a list has its id, however the template reads it."""
    message = db.Message(text="one")
    db.session.add(message)

    to_all.update("ul", "rows.html", rows=passed(message))
    db.session.commit()

    assert shown() == [['<li id="m1">one!</li>']]


@pytest.mark.parametrize("holder", [lambda m: {"a": {"b": [m]}}, lambda m: [(m,)]])
def test_new_row_deep_within_what_is_passed_has_its_id(db, to_all, holder):
    """A row within nested lists and dicts has its id, even if one of these contains itself."""
    message = db.Message(text="one")
    db.session.add(message)
    around = [holder(message)]
    around.append(around)

    to_all.update("ul", "row.html", m="", around=around)

    assert message.id == 1


def test_new_row_that_belongs_to_the_passed_one_has_its_id(db, to_all, shown):
    """A stored room is passed, whose new messages have their ids."""
    room = db.Room()
    db.session.add(room)
    db.session.commit()
    room.messages.append(db.Message(text="one"))

    with to_all as change:
        change.update("ul", "room.html", room=room)
    db.session.commit()

    assert shown() == [['<li id="m1">one!</li>']]


def test_row_that_the_database_refuses_is_pushed_to_nobody(db, to_all, shown):
    """The database refuses the row. The push raises the error, as a query would."""
    db.session.add(db.Message(text="one"))
    db.session.commit()
    twin = db.Message(text="one")
    db.session.add(twin)

    with pytest.raises(IntegrityError):
        to_all.append("ul", "row.html", m=twin)

    db.session.rollback()
    assert shown() == []


def test_new_row_of_a_savepoint_goes_with_it(db, to_all, shown):
    """A savepoint is rolled back, and its push dropped; the push of the outer transaction is
    sent."""
    first, second = db.Message(text="one"), db.Message(text="two")
    db.session.add(first)
    to_all.append("ul", "row.html", m=first)
    savepoint = db.session.begin_nested()
    db.session.add(second)
    to_all.append("ul", "row.html", m=second)
    savepoint.rollback()

    db.session.commit()

    assert shown() == [['<li id="m1">one!</li>']]
    assert db.session.scalars(select(db.Message.text)).all() == ["one"]


@pytest.mark.parametrize("is_quiet", [False, True])
def test_flush_for_a_fragment_refreshes_at_the_commit_alone(realtime, db, to_all, shown, is_quiet):
    """The flush for a fragment refreshes nothing before the commit, and then once; ``quietly``
    applies at the commit."""
    realtime.refresh_on_commit(db.Message, "room:1")
    message = db.Message(text="one")
    db.session.add(message)
    to_all.append("ul", "row.html", m=message)
    message.text = "more"
    assert shown() == []

    if is_quiet:
        with realtime.quietly():
            db.session.commit()
    else:
        db.session.commit()

    assert shown() == [['<li id="m1">one!</li>']] + [True] * (not is_quiet)


def test_nothing_is_flushed_for_a_fragment_that_is_passed_no_row(db, to_all):
    """Without a row in the template nothing is flushed, since the app may still work on its
    rows."""
    message = db.Message(text="one")
    db.session.add(message)

    to_all.append("ul", "row.html", m={"id": 3})

    assert db.session.new and message.id is None


def test_new_row_where_autoflush_is_off_is_an_error_that_says_what_to_do(db, to_all):
    """With autoflush off only the app flushes, so a new row is an error."""
    message = db.Message(text="one")
    db.session.add(message)

    with db.session.no_autoflush, pytest.raises(NotFlushed) as caught:
        to_all.append("ul", "row.html", m=message)

    assert "'row.html'" in str(caught.value) and "a Message" in str(caught.value)
    assert "its id is None: call db.session.flush()" in str(caught.value)
    assert message.id is None


def test_row_with_a_key_of_the_apps_own_needs_no_flush(db, to_all, shown):
    """A row with a UUID that the app has set needs no flush."""
    message = db.Message(id=7, text="one", state="?")
    db.session.add(message)

    with db.session.no_autoflush:
        to_all.append("ul", "row.html", m=message)
    db.session.commit()

    assert shown() == [['<li id="m7">one?</li>']]


def test_push_within_a_flush_is_an_error_before_the_row_has_an_id(db, to_all, shown):
    """A push in an event before the row is written is an error; in an event after that it works."""
    session = db.session()
    message = db.Message(text="one")
    session.add(message)

    def push(*_args):
        to_all.append("ul", "row.html", m=message)

    event.listen(session, "before_flush", push)
    with pytest.raises(NotFlushed, match="after_flush_postexec"):
        session.commit()
    event.remove(session, "before_flush", push)
    session.rollback()
    session.add(message)
    event.listen(session, "after_flush", push)
    session.commit()

    assert shown() == [['<li id="m1">one!</li>']]


def test_new_row_of_an_async_session_is_an_error_that_says_await(realtime, db):
    """The flush of an async session must be awaited, which a push cannot do."""

    async def add():
        async with AsyncSession(sync_session_class=Session) as session:
            message = db.Message(text="one")
            session.add(message)
            realtime.to("room:1", after_commit=session).append("ul", "row.html", m=message)

    with pytest.raises(NotFlushed, match="await session"):
        asyncio.run(add())


def test_new_row_that_is_pushed_without_a_commit_is_logged(realtime, db, caplog):
    """A new row is pushed without after_commit, so its id is None. One warning says what to do."""
    message = db.Message(text="one")
    db.session.add(message)

    for _ in range(2):
        realtime.to("room:1").append("ul", "row.html", m=message)

    assert [one.levelname for one in caplog.records] == ["WARNING"]
    assert "a Message" in caplog.text and "db.session.flush()" in caplog.text
    assert "after_commit=db.session" in caplog.text
    assert message.id is None


@pytest.mark.parametrize("debug", [False, True])
def test_row_of_no_session_is_logged_in_debug_mode_alone(app, realtime, db, caplog, debug):
    """A row of no session may be meant never to be stored, so it is logged in debug mode only."""
    app.debug = debug

    realtime.to("room:1").append("ul", "row.html", m=db.Message(text="one"))

    assert [one.levelname for one in caplog.records] == ["WARNING"] * debug
    assert not debug or "belongs to no session" in caplog.text


def test_row_that_is_in_the_database_is_not_logged(app, realtime, db, caplog, to_all):
    """A changed or deleted row, or one whose session has ended, causes no warning."""
    app.debug = True
    one, two, gone = (db.Message(text=text) for text in ("one", "two", "gone"))
    db.session.add_all([one, two, gone])
    db.session.commit()
    db.session.expunge(gone)
    one.text = "more"
    db.session.delete(two)

    for audience in (to_all, realtime.to("room:1")):
        audience.append("ul", "rows.html", rows=[one, two], gone=gone)

    assert not caplog.records
