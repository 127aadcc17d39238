"""The values of a row within a flush, and before it."""

import gc

import pytest
from sqlalchemy import (
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    String,
    create_engine,
    event,
    inspect,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Session, declarative_base, relationship

from flask_realtime.row_states import RowState, attributes_behind

Base = declarative_base()


class Place(Base):
    """A model whose primary key has two columns."""

    __tablename__ = "places"
    town = Column(String, primary_key=True)
    street = Column(String, primary_key=True)


class Person(Base):
    """A model whose name can be read in every way that a class offers."""

    __tablename__ = "people"
    __table_args__ = (ForeignKeyConstraint(["street", "town"], ["places.street", "places.town"]),)
    id = Column(Integer, primary_key=True)
    name = Column(String)
    town = Column(String)
    street = Column(String)
    friend_id = Column("friend", Integer, ForeignKey("people.id"))
    place = relationship(Place)
    friend = relationship("Person", remote_side=[id])
    admirers = relationship("Person", back_populates="friend", overlaps="friend")

    species = "human"

    @property
    def loud(self):
        return self.name.upper()

    @hybrid_property
    def quiet(self):
        return self.name.lower()

    def greeting(self, word):
        return f"{word}, {self.loud}"


@pytest.fixture
def session():
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([Place(town="A", street="1"), Place(town="B", street="2")])
        session.add_all([Person(id=1, name="Ada", town="A", street="1"), Person(id=2, name="Ben")])
        session.commit()
        yield session
    engine.dispose()
    gc.collect()


@pytest.fixture
def read(session):
    """Return what a function reads of a row before and after its change, while the change is
    flushed."""

    def read(row, function):
        found = []

        def after_flush(session, _flush):
            found.extend(function(RowState(row, was)) for was in (True, False))

        event.listen(session, "after_flush", after_flush)
        session.flush()
        event.remove(session, "after_flush", after_flush)
        return found

    return read


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda row: row.name, ["Ada", "Eve"]),
        (lambda row: row.loud, ["ADA", "EVE"]),
        (lambda row: row.quiet, ["ada", "eve"]),
        (lambda row: row.greeting("hi"), ["hi, ADA", "hi, EVE"]),
        (lambda row: row.species, ["human", "human"]),
        (lambda row: row.id, [1, 1]),
    ],
)
def test_attribute_method_or_property_is_of_its_moment(session, read, function, expected):
    """A method or property of the former row uses the former values of its columns."""
    ada = session.get(Person, 1)
    assert ada.name == "Ada"
    ada.name = "Eve"

    assert read(ada, function) == expected


def test_row_that_is_related_by_several_columns_is_of_its_moment(session, read):
    """A row that is related by a key of several columns, in any order, is the former or the present
    one."""
    ada = session.get(Person, 1)
    assert ada.place.street == "1"
    ada.town, ada.street = "B", "2"

    assert read(ada, lambda row: row.place.street) == ["1", "2"]


def test_row_that_the_same_flush_inserts_is_found(session, read):
    """The related row is inserted by the same flush. It is not loaded, which SQLAlchemy would
    refuse."""
    ben = session.get(Person, 2)
    assert ben.friend is None
    eve = Person(name="Eve")
    ben.friend = eve

    assert read(ben, lambda row: row.friend and row.friend.name) == [None, "Eve"]
    session.commit()
    assert session.get(Person, eve.id) is eve


def test_row_out_of_its_session_belongs_to_nobody(session):
    """A row that belongs to no session has no related row."""
    ada = session.get(Person, 1)
    assert ada.town == "A"
    session.expunge(ada)

    assert RowState(ada, was=False).place is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("name", ["name"]),
        ("friend", ["friend_id", "friend"]),
        ("place", ["town", "street", "place"]),
        ("admirers", ["admirers"]),
        ("loud", ["id", "name", "town", "street", "friend_id"]),
    ],
)
def test_attributes_behind_a_name(name, expected):
    """The attributes whose former values must be known for a name."""
    assert attributes_behind(inspect(Person), name) == expected
