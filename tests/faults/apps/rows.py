"""A database in memory, imported only by views that commit something."""

from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker
from sqlalchemy.pool import StaticPool


class Base(DeclarativeBase):
    """The base class of rows."""


class Row(Base):
    """A row whose changes are pushed to its channel."""

    __tablename__ = "rows"
    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str]


engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
Base.metadata.create_all(engine)
sessions = sessionmaker(engine)
