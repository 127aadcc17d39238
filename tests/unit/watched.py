"""Two models and the watchers of their rows, for the tests of row changes."""

from __future__ import annotations

import contextlib
import gc

from sqlalchemy import Column, ForeignKey, Integer, String, create_engine
from sqlalchemy.orm import Session, declarative_base, relationship

from flask_realtime.row_changes import RowWatcher


@contextlib.contextmanager
def two_models():
    """Yield two models, made anew for each test, because watchers stay on a class for ever."""
    Base = declarative_base()

    class Room(Base):
        __tablename__ = "rooms"
        id = Column(Integer, primary_key=True)
        messages = relationship("Message", back_populates="room", cascade="all, delete-orphan")

    class Message(Base):
        __tablename__ = "messages"
        id = Column(Integer, primary_key=True)
        text = Column(String)
        stars = Column(Integer, default=0)
        room_id = Column(Integer, ForeignKey("rooms.id"))
        room = relationship(Room, back_populates="messages")

    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([Room(id=1), Room(id=2), Message(id=1, room_id=1, text="a")])
        session.commit()

    class Rows:
        room, message = Room, Message

    Rows.engine = engine
    yield Rows
    engine.dispose()
    gc.collect()


@contextlib.contextmanager
def watchers(model, forget):
    """Yield a function that has a model watched, and returns the list of what commits tell.

    :param model: the model, if the function is given none.
    :param forget: takes a watcher and removes its listeners.
    """
    told, watchers = [], []

    def watch(names="room:{room_id}", columns=None, model=model):
        watcher = RowWatcher(model, names, columns, told.append)
        watcher.listen()
        watchers.append(watcher)
        return told

    yield watch
    for one in watchers:
        forget(one)
