"""What the chat keeps: messages, and the pages that are open."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timezone

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import String, delete, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

PAGE = 30  # messages
HERE_SECONDS = 50  # open pages say every 20 s that they are here


class Base(DeclarativeBase):
    pass


db = SQLAlchemy(model_class=Base)


class Message(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40), unique=True)  # of the form that was sent
    room: Mapped[str] = mapped_column(String(40), index=True)
    author: Mapped[str] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(String(2000))
    at: Mapped[datetime] = mapped_column(default=lambda: datetime.now(timezone.utc))

    @classmethod
    def add(cls, key: str, room: str, author: str, text: str) -> Message:
        """Return the message of this key: a form that is sent twice makes one message."""
        message = db.session.scalar(select(cls).filter_by(key=key))
        if message is None:
            message = cls(key=key, room=room, author=author, text=text)
            db.session.add(message)
            db.session.commit()
        return message

    @classmethod
    def page(cls, room: str, before: int | None = None) -> Sequence[Message]:
        """Return the last messages, or the last ones before the id *before*."""
        query = select(cls).filter_by(room=room).order_by(cls.id.desc()).limit(PAGE)
        if before is not None:
            query = query.where(cls.id < before)
        return db.session.scalars(query).all()[::-1]


class Visitor(db.Model):
    """An open page. A process that is killed can't say who left with it, so visitors expire."""

    digest: Mapped[str] = mapped_column(String(80), primary_key=True)
    room: Mapped[str] = mapped_column(String(40), index=True)
    name: Mapped[str] = mapped_column(String(40))
    seen_at: Mapped[float]

    @staticmethod
    def names(room: str) -> Sequence[str]:
        """Who was here when somebody last came, left, or was forgotten."""
        query = select(Visitor.name).filter_by(room=room).distinct().order_by(Visitor.name)
        return db.session.scalars(query).all()

    @staticmethod
    def forget_silent() -> None:
        db.session.execute(delete(Visitor).where(Visitor.seen_at < time.time() - HERE_SECONDS))
