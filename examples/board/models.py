"""The cards of the board, in SQLite."""

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

COLUMNS = {"todo": "To do", "doing": "Doing", "done": "Done"}


class Base(DeclarativeBase):
    """What the models have in common."""


db = SQLAlchemy(model_class=Base)


class Card(db.Model):
    """One card; its column holds it at a place between 0 and the number of its cards."""

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    owner: Mapped[str]
    column: Mapped[str] = mapped_column(default="todo")
    place: Mapped[int] = mapped_column(default=0)

    @classmethod
    def of(cls, column):
        """The cards of a column, from top to bottom."""
        chosen = select(cls).where(cls.column == column).order_by(cls.place, cls.id)
        return list(db.session.scalars(chosen))

    def move_to(self, column, place):
        """Put the card into a column, in front of the card that has the place there now."""
        others = [card for card in Card.of(column) if card is not self]
        others.insert(max(0, min(place, len(others))), self)
        self.column = column
        for number, card in enumerate(others):
            card.place = number
