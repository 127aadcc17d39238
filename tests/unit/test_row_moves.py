"""Rows that move from one channel to another by their relationships."""

import gc

import pytest
from sqlalchemy import Column, ForeignKey, Integer, String, create_engine, event
from sqlalchemy.orm import Session, declarative_base, relationship

from .watched import watchers


@pytest.fixture
def watch(rows):
    def forget(watcher):
        event.remove(Session, "after_flush", watcher._after_flush)

    with watchers(rows.message, forget) as watch:
        yield watch


@pytest.fixture
def parted():
    """Models with a relationship in one direction only."""
    Base = declarative_base()

    class Box(Base):
        __tablename__ = "boxes"
        id = Column(Integer, primary_key=True)
        name = Column(String)
        things = relationship("Thing")

    class Thing(Base):
        __tablename__ = "things"
        id = Column(Integer, primary_key=True)
        box_id = Column(Integer, ForeignKey("boxes.id"))

    class Rows:
        room, message = Box, Thing
        engine = create_engine("sqlite://")

    Base.metadata.create_all(Rows.engine)
    with Session(Rows.engine) as session:
        session.add_all([Box(id=1, name="a"), Box(id=2, name="b"), Thing(id=1, box_id=1)])
        session.commit()
    yield Rows
    Rows.engine.dispose()
    gc.collect()


@pytest.fixture
def named():
    """Messages whose foreign key refers to another column than the owner's primary key."""
    Base = declarative_base()

    class Owner(Base):
        __tablename__ = "owners"
        id = Column(Integer, primary_key=True)
        name = Column(String, unique=True)
        title = Column(String)

    class Message(Base):
        __tablename__ = "named_messages"
        id = Column(Integer, primary_key=True)
        name = Column(String, ForeignKey("owners.name"))
        owner = relationship(Owner)

    class Rows:
        message = Message
        engine = create_engine("sqlite://")

    Base.metadata.create_all(Rows.engine)
    with Session(Rows.engine) as session:
        session.add(Owner(id=1, name="Ada"))
        session.commit()
    yield Rows
    Rows.engine.dispose()
    gc.collect()


def test_row_that_moves_by_the_collections_of_its_parents(parted, watch):
    """A row is moved by its parents' collections, and SQLAlchemy changes the row itself only in the
    flush. Both channels are refreshed."""
    told = watch("box:{box_id}", model=parted.message)
    with Session(parted.engine) as session:
        first, second = session.get(parted.room, 1), session.get(parted.room, 2)
        second.things.append(first.things.pop())
        session.commit()
        session.get(parted.room, 1).things.append(parted.message())
        session.commit()
        session.get(parted.room, 1).things.clear()
        session.commit()

    assert [sorted(names) for names in told] == [
        ["box:1", "box:2"],
        ["box:1"],
        ["box:1"],
    ]


NAMES_BY_ROOM = ["room:{room.id}", lambda row: f"room:{row.room.id}"]


@pytest.mark.parametrize("names", NAMES_BY_ROOM)
@pytest.mark.parametrize("is_loaded", [True, False])
@pytest.mark.parametrize("by", ["room", "room_id"])
def test_row_that_moves_between_related_rows_concerns_both(
    session, rows, watch, names, is_loaded, by
):
    """Both channels are refreshed, whether or not the related row was loaded, and whether the app
    sets the relationship or its key."""
    told = watch(names)
    message = session.get(rows.message, 1)
    assert not is_loaded or message.room.id == 1
    setattr(message, by, session.get(rows.room, 2) if by == "room" else 2)

    session.commit()

    assert told == [["room:1", "room:2"]]


@pytest.mark.parametrize("names", ["of:{owner.id}", lambda row: f"of:{row.owner.id}"])
def test_new_row_is_named_by_what_it_belongs_to_in_any_way(named, watch, names):
    """The related row is found by another key than its primary key, which SQLAlchemy loads after
    the insert."""
    told = watch(names, model=named.message)
    with Session(named.engine) as session:
        session.add(named.message(name="Ada"))
        session.commit()

    assert told == [["of:1"]]


@pytest.mark.parametrize("path", ["owner.title", "owner.title.text", "owner.title[text]"])
def test_related_row_that_lacks_what_names_the_channel_concerns_nobody(named, watch, caplog, path):
    """What the format reads of the related row is None, or leads past None. No channel is named so,
    and nothing is logged."""
    told = watch(f"of:{{{path}}}", model=named.message)
    with Session(named.engine) as session:
        session.add(named.message(name="Ada"))
        session.commit()

    assert (told, caplog.text) == ([], "")


@pytest.mark.parametrize("names", NAMES_BY_ROOM)
def test_row_that_belongs_to_nobody_concerns_nobody(session, rows, watch, caplog, names):
    """A row loses its owner. The former owner's channel is refreshed, and nothing is logged."""
    told = watch(names)
    session.get(rows.message, 1).room = None
    session.commit()
    session.add(rows.message(id=2))
    session.commit()

    assert told == [["room:1"]]
    assert bool(caplog.records) == callable(names)


def test_deleted_row_is_named_by_what_it_belonged_to(session, rows, watch):
    """A deleted row refreshes the channel of its values in the database."""
    told = watch("room:{room.id}")
    message = session.get(rows.message, 1)
    message.room_id = 2
    session.delete(message)

    session.commit()

    assert told == [["room:1", "room:2"]]


def test_savepoint_that_is_rolled_back_takes_its_rows_with_it(session, rows, watch):
    """Rows of a rolled back savepoint at any depth refresh nothing; rows around it do."""
    told = watch()
    session.add(rows.message(room_id=1))
    session.flush()
    with session.begin_nested():
        session.add(rows.message(room_id=2))
        session.flush()
        savepoint = session.begin_nested()
        session.add(rows.message(room_id=3))
        session.flush()
        savepoint.rollback()

    session.commit()

    assert told == [["room:1", "room:2"]]
