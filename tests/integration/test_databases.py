"""Commits of real databases: in two phases, over several databases, and the refreshes of their
rows."""

import gc

import pytest
from flask import Flask, current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Column, Integer, String, create_engine, event, text
from sqlalchemy.orm import Session, declarative_base

from flask_realtime import Realtime

from ..postgres import IS_INSTALLED, postgres

needs_postgres = pytest.mark.skipif(not IS_INSTALLED, reason="PostgreSQL is not installed")


@pytest.fixture(scope="module")
def postgres_url():
    with postgres() as url:
        yield url


@pytest.fixture
def base():
    """Two models, made once, because watchers stay on a class."""
    Base = declarative_base()

    class Room(Base):
        __tablename__ = "rooms"
        id = Column(Integer, primary_key=True)
        name = Column(String)

    class Entry(Base):
        __tablename__ = "entries"
        id = Column(Integer, primary_key=True)
        room_id = Column(Integer)

    Base.Room, Base.Entry = Room, Entry
    yield Base
    gc.collect()


@pytest.fixture
def realtime():
    app = Flask(__name__)
    app.config.update(SECRET_KEY="a secret of the tests", TESTING=True)
    realtime = Realtime(app)
    with app.app_context():
        yield realtime


@pytest.fixture
def told(realtime):
    """A function that returns what was pushed to a channel so far."""
    registry = current_app.extensions["realtime"].node().registry
    starts = {}

    def told(channel):
        if channel not in starts:
            starts[channel] = registry.read({channel: None}, 1)[channel].tail
            return []
        page = registry.read({channel: starts[channel]}, 1_000_000)[channel]
        return [
            one.route.kind if one.payload == "true" else one.payload for one in page.publications
        ]

    for channel in ("room:1", "room:2", "log"):
        told(channel)
    return told


@pytest.fixture
def engines(postgres_url, base):
    """Two databases: one server, two of its schemas."""
    administrator = create_engine(postgres_url)
    with administrator.begin() as connection:
        for schema in ("one", "two"):
            connection.execute(text(f"DROP SCHEMA IF EXISTS {schema} CASCADE"))
            connection.execute(text(f"CREATE SCHEMA {schema}"))
    administrator.dispose()
    made = [
        create_engine(f"{postgres_url}?options=-csearch_path%3D{schema}")
        for schema in ("one", "two")
    ]
    for engine in made:
        base.metadata.create_all(engine)
    yield made
    for engine in made:
        engine.dispose()


@pytest.fixture
def session(engines, base):
    """A session that commits in two phases over both databases."""
    binds = dict(zip((base.Room, base.Entry), engines, strict=True))
    with Session(twophase=True, binds=binds) as session:
        yield session


@needs_postgres
@pytest.mark.parametrize("is_prepared", [True, False])
def test_commit_in_two_phases_hands_out_once(session, base, realtime, told, is_prepared):
    """Pushes are sent once, after the commit and not after its preparation, since the other
    database may still refuse."""
    realtime.refresh_on_commit(base.Room, "room:{id}")
    session.add(base.Room(id=1))
    session.add(base.Entry(id=1, room_id=1))
    realtime.to("log", after_commit=session).push("written")
    session.flush()
    if is_prepared:
        session.prepare()
    assert told("log") == told("room:1") == []

    session.commit()

    assert told("log") == ['"written"']
    assert told("room:1") == ["refresh"]


@needs_postgres
def test_commit_that_is_prepared_and_rolled_back_tells_nobody(session, base, realtime, told):
    """A prepared commit is rolled back in both databases. Its pushes are dropped, and the session
    can be used again."""
    realtime.refresh_on_commit(base.Room, "room:{id}")
    session.add_all([base.Room(id=1), base.Entry(id=1)])
    realtime.to("log", after_commit=session).push("dropped")
    session.prepare()
    session.rollback()
    session.add(base.Room(id=2))

    session.commit()

    assert told("log") == told("room:1") == []
    assert told("room:2") == ["refresh"]


@needs_postgres
def test_commit_that_one_database_refuses_tells_nobody(session, engines, base, realtime, told):
    """One database was prepared when the other refused. The pushes are dropped."""
    realtime.refresh_on_commit(base.Room, "room:{id}")
    with Session(engines[1]) as other:
        other.add(base.Entry(id=1))
        other.commit()
    session.add(base.Room(id=1))
    realtime.to("log", after_commit=session).push("dropped")
    session.flush()
    session.add(base.Entry(id=1))

    with pytest.raises(Exception, match="duplicate key"):
        session.commit()
    session.rollback()

    assert told("log") == told("room:1") == []
    with Session(engines[0]) as reader:
        assert reader.get(base.Room, 1) is None


@needs_postgres
def test_deferred_constraint_that_fails_at_the_commit_tells_nobody(engines, base, realtime, told):
    """Every statement succeeds, and COMMIT itself fails. The pushes are dropped."""
    with engines[0].begin() as connection:
        connection.execute(
            text(
                "ALTER TABLE rooms ADD CONSTRAINT once UNIQUE (name) DEFERRABLE INITIALLY DEFERRED"
            )
        )
    realtime.refresh_on_commit(base.Room, "room:{id}")
    with Session(engines[0]) as session:
        session.add_all([base.Room(id=1, name="a"), base.Room(id=2, name="a")])
        realtime.to("log", after_commit=session).push("dropped")
        session.flush()
        with pytest.raises(Exception, match="duplicate key"):
            session.commit()
        session.rollback()

    assert told("log") == told("room:1") == told("room:2") == []


def test_session_over_several_databases(tmp_path, base, realtime, told):
    """A commit of two databases sends its pushes once, after both."""
    engines = [create_engine(f"sqlite:///{tmp_path}/{name}.db") for name in "ab"]
    for engine in engines:
        base.metadata.create_all(engine)
    realtime.refresh_on_commit(base.Room, "room:{id}")
    realtime.refresh_on_commit(base.Entry, "room:{room_id}")
    binds = dict(zip((base.Room, base.Entry), engines, strict=True))
    at_commit = []

    with Session(binds=binds) as session:
        session.add_all([base.Room(id=1), base.Entry(room_id=1), base.Entry(room_id=2)])
        for engine in engines:
            event.listen(engine, "commit", lambda connection: at_commit.append(told("room:1")))
        session.commit()

    assert at_commit == [[], []]
    assert told("room:1") == ["refresh"]
    assert told("room:2") == ["refresh"]
    for engine in engines:
        engine.dispose()


def test_binds_of_flask_sqlalchemy(tmp_path, told, realtime):
    """SQLALCHEMY_BINDS gives a model a database of its own in the same db.session, and its pushes
    wait for the commit."""
    app = current_app._get_current_object()
    app.config.update(
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path}/main.db",
        SQLALCHEMY_BINDS={"audit": f"sqlite:///{tmp_path}/audit.db"},
    )
    db = SQLAlchemy(app)

    class Room(db.Model):
        id = db.Column(Integer, primary_key=True)

    class Audit(db.Model):
        __bind_key__ = "audit"
        id = db.Column(Integer, primary_key=True)
        room_id = db.Column(Integer)

    realtime.refresh_on_commit(Audit, "room:{room_id}")
    db.create_all()
    db.session.add_all([Room(id=1), Audit(room_id=1)])
    realtime.to("log", after_commit=db.session).push("written")
    db.session.flush()
    assert told("log") == told("room:1") == []

    db.session.commit()
    db.session.remove()
    for engine in db.engines.values():
        engine.dispose()

    assert told("log") == ['"written"']
    assert told("room:1") == ["refresh"]
