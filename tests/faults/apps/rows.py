"""A database within this process; only those import it who have something to commit."""

from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker
from sqlalchemy.pool import StaticPool


class Base(DeclarativeBase):
    """What all rows have in common."""


class Row(Base):
    """A row whose channel hears of it."""

    __tablename__ = "rows"
    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str]


engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
Base.metadata.create_all(engine)
sessions = sessionmaker(engine)
