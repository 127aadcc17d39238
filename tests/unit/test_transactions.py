"""Pushes with after_commit: sent after the commit, dropped at a rollback."""

import logging

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Column, Integer, String, create_engine, event
from sqlalchemy.orm import Session, declarative_base, scoped_session, sessionmaker

from flask_realtime.errors import NobodyListens
from flask_realtime.transactions import add_at_commit, wait_for_commit

Base = declarative_base()


class Message(Base):
    """A mapped class."""

    __tablename__ = "messages"
    id = Column(Integer, primary_key=True)
    text = Column(String)


@pytest.fixture
def engine(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path}/rows.db")

    # As SQLAlchemy's documentation advises: pysqlite starts no transaction for a savepoint.
    @event.listens_for(engine, "connect")
    def _connect(connection, _record):
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def _begin(connection):
        connection.exec_driver_sql("BEGIN")

    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine):
    with Session(engine) as session:
        yield session


@pytest.fixture
def handed_out():
    return []


@pytest.fixture
def push(session, handed_out):
    """A function that pushes to a channel once the session's transaction has committed."""

    def push(channel, of=None):
        wait_for_commit(of or session, [channel], lambda: handed_out.append(channel))

    return push


def test_push_waits_for_the_commit(session, push, handed_out):
    """Nobody is told of a row before it is committed."""
    session.add(Message(text="a"))
    push("a")
    assert handed_out == []

    session.commit()

    assert handed_out == ["a"]


def test_push_goes_at_once_where_nothing_has_begun(session, push, handed_out):
    """Without a transaction the push is sent at once."""
    push("a")

    assert handed_out == ["a"]


def test_pushes_keep_their_order(session, push, handed_out):
    """Pushes within a savepoint keep their place among the others."""
    session.add(Message(text="a"))
    push("1")
    with session.begin_nested():
        push("2")
        with session.begin_nested():
            push("3")
    push("4")
    assert handed_out == []

    session.commit()

    assert handed_out == ["1", "2", "3", "4"]


def test_push_of_a_savepoint_that_is_rolled_back_is_dropped(session, push, handed_out):
    """A push within a rolled back savepoint is dropped; pushes around it are sent."""
    session.add(Message(text="a"))
    push("kept")
    savepoint = session.begin_nested()
    push("dropped")
    with session.begin_nested():
        push("dropped with it")
    savepoint.rollback()

    session.commit()

    assert handed_out == ["kept"]


@pytest.mark.parametrize("end", ["rollback", "close"])
def test_push_is_dropped_with_its_transaction(session, push, handed_out, end):
    """A view fails and its transaction is rolled back. Its pushes are dropped, and the session can
    be used again."""
    session.add(Message(text="a"))
    push("dropped")
    getattr(session, end)()

    session.add(Message(text="b"))
    push("b")
    session.commit()

    assert handed_out == ["b"]


def test_push_into_a_transaction_that_nobody_commits_is_logged(session, push, handed_out, caplog):
    """Code reads a row after its commit and pushes, which starts a transaction that nobody commits.
    A warning names the channels."""
    message = Message(text="a")
    session.add(message)
    session.commit()
    assert message.text == "a"
    push("room:1")

    session.close()

    assert handed_out == []
    (record,) = [one for one in caplog.records if one.levelno == logging.WARNING]
    assert "'room:1'" in record.getMessage()
    assert "push before the commit" in record.getMessage()


def test_rollback_is_no_warning(session, push, caplog):
    """An explicit rollback drops the pushes without a warning."""
    session.add(Message(text="a"))
    push("room:1")

    session.rollback()

    assert not [one for one in caplog.records if one.levelno >= logging.WARNING]


def test_error_behind_a_commit_is_logged_and_keeps_nobody_else(session, push, handed_out, caplog):
    """A push fails after the commit. commit() does not raise, and later pushes are sent."""
    session.add(Message(text="a"))
    wait_for_commit(session, ["broken"], lambda: 1 / 0)
    push("next")

    session.commit()

    assert handed_out == ["next"]
    assert "'broken'" in caplog.text


def test_interruption_of_one_push_keeps_no_other_from_its_channel(session, push, handed_out):
    """A gevent.Timeout interrupts a view while the pushes of its commit are sent. No push is
    lost."""

    class Interruption(BaseException):
        """An exception like gevent.Timeout, which is not an Exception."""

    def interrupt(*_names):
        raise Interruption

    session.add(Message(text="a"))
    session.flush()
    wait_for_commit(session, ["slow"], interrupt)
    push("next")
    add_at_commit(session, ["refreshed"], handed_out.extend)

    with pytest.raises(Interruption):
        session.commit()

    assert handed_out == ["next", "refreshed"]
    assert session.query(Message).count() == 1


def test_commit_of_a_command_without_redis_is_logged_in_a_line(session, caplog):
    """A command fills a database while no server runs. Its pushes reach nobody, and one log line
    says so."""

    def hand_out():
        raise NobodyListens

    session.add(Message(text="a"))
    session.flush()
    wait_for_commit(session, ["room"], hand_out)

    session.commit()

    [record] = caplog.records
    assert record.levelname == "WARNING"
    assert "'room' reached nobody" in record.getMessage()
    assert record.exc_info is None


def test_failed_commit_drops_its_pushes(session, push, handed_out):
    """The database refuses the commit, and the pushes are dropped."""
    session.add(Message(id=1))
    session.commit()
    session.add(Message(id=1))
    push("dropped")

    with pytest.raises(Exception, match="UNIQUE"):
        session.commit()
    session.rollback()
    session.add(Message(id=2))
    session.commit()

    assert handed_out == []


def test_scoped_session_is_the_session_of_this_thread(engine, push, handed_out):
    """A scoped session stands for the session of the current thread."""
    scoped = scoped_session(sessionmaker(engine))
    scoped.add(Message(text="a"))
    push("a", scoped)
    assert handed_out == []

    scoped.commit()
    scoped.remove()

    assert handed_out == ["a"]


def test_session_of_flask_sqlalchemy(push, handed_out):
    """Flask-SQLAlchemy's db.session works, also in a second request."""
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    db = SQLAlchemy(app)

    class Row(db.Model):
        id = Column(Integer, primary_key=True)

    with app.app_context():
        db.create_all()
        for name in ("first", "second"):
            db.session.add(Row())
            push(name, db.session)
            assert name not in handed_out
            db.session.commit()
            assert name in handed_out
        db.engine.dispose()


def test_transaction_of_a_with_statement(engine, push, handed_out):
    """The end of the with statement commits, and the push is sent."""
    with Session(engine) as session, session.begin():
        session.add(Message(text="a"))
        push("a", session)
        assert handed_out == []

    assert handed_out == ["a"]


def test_what_is_no_session_is_refused():
    """The error says what is expected."""
    with pytest.raises(TypeError, match=r"db\.session"):
        wait_for_commit(object(), ["a"], print)
