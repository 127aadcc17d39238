"""Rows of a database that drive pages: which channels a commit concerns."""

from __future__ import annotations

import logging
import string
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from .row_states import RowState, attributes_behind
from .transactions import add_at_commit

logger = logging.getLogger(__name__)

#: A format of channel names, or a function of a row that returns names.
Names = str | Callable[[Any], str | Iterable[str]]


class RowWatcher:
    """Tells which channels a commit concerns that inserts, deletes or changes rows of *model*.

    Statements in bulk (``session.execute(update(…))``) are not seen: they have no rows.

    :param model: a mapped class; its subclasses count too.
    :param names: a format of a channel's name by the row's attributes, such as
        ``"room:{room_id}"``, or a function of a row that returns one name or several.
    :param columns: the attributes whose change counts; None: any. An inserted or deleted row
        counts always, and so does one that moves from one channel to another.
    :param at_commit: called once a commit, behind it, with the names.
    """

    def __init__(
        self,
        model: type,
        names: Names,
        columns: Collection[str] | None,
        at_commit: Callable[[list[str]], None],
    ) -> None:
        self._model = model
        self._names = names
        self._columns = columns
        self._at_commit = at_commit
        self._check()

    def listen(self) -> None:
        """Watch from now on, in every session."""
        from sqlalchemy import event
        from sqlalchemy.orm import Session

        event.listen(Session, "after_flush", self._after_flush)
        event.listen(self._model, "before_delete", self._before_delete, propagate=True)
        for name in self._naming_attributes():
            # An expired row does not know its old value when it gets a new one: it is loaded then.
            attribute = getattr(self._model, name)
            event.listen(attribute, "set", _keep, active_history=True, propagate=True)

    def _check(self) -> None:
        from sqlalchemy import inspect
        from sqlalchemy.exc import NoInspectionAvailable

        try:
            known: set[str] = set(inspect(self._model).all_orm_descriptors.keys())
        except NoInspectionAvailable:
            raise TypeError(
                f"refresh_on_commit takes a mapped class of SQLAlchemy's, not {self._model!r}."
            ) from None
        asked = {*(self._columns or ()), *_fields(self._names)}
        unknown = sorted(asked - known - set(dir(self._model)))
        if unknown:
            raise ValueError(
                f"{self._model.__name__} has no attribute {unknown[0]!r}; refresh_on_commit names "
                f"it, and there are: {', '.join(sorted(known))}."
            )

    def _naming_attributes(self) -> list[str]:
        from sqlalchemy import inspect

        mapper: Any = inspect(self._model)
        if not isinstance(self._names, str):
            # What a function reads is not known: any column of its row.
            return list(mapper.column_attrs.keys())
        found = [one for name in _fields(self._names) for one in attributes_behind(mapper, name)]
        plain = {one.key for one in (*mapper.column_attrs, *mapper.relationships)}
        return [name for name in dict.fromkeys(found) if name in plain]

    def _after_flush(self, session: Any, _flush: object) -> None:
        for row in list(session.new):
            if isinstance(row, self._model):
                self._add(session, self._names_of(row, was=False))
        for row in list(session.dirty):
            if isinstance(row, self._model) and row not in session.deleted:
                self._changed(session, row)

    def _changed(self, session: Any, row: Any) -> None:
        if not session.is_modified(row, include_collections=False):
            return
        now, before = self._names_of(row, was=False), self._names_of(row, was=True)
        if now != before or self._concerns(row):
            self._add(session, [*before, *now])

    def _concerns(self, row: Any) -> bool:
        from sqlalchemy import inspect

        if self._columns is None:
            return True
        attributes = inspect(row).attrs
        return any(
            attributes[name].history.has_changes() for name in self._columns if name in attributes
        )

    def _before_delete(self, _mapper: object, _connection: object, row: Any) -> None:
        from sqlalchemy.orm import object_session

        names = [*self._names_of(row, was=True), *self._names_of(row, was=False)]
        self._add(object_session(row), names)

    def _names_of(self, row: Any, was: bool) -> list[str]:
        """The channels of a row as it is, or as it was before the flush under way."""
        state = RowState(row, was)
        try:
            if isinstance(self._names, str):
                read = {name: getattr(state, name) for name in _fields(self._names)}
                # What belongs to nobody concerns nobody.
                return [] if None in read.values() else [self._names.format_map(read)]
            names = self._names(state)
            return [names] if isinstance(names, str) else list(names)
        except Exception:
            # In the middle of a flush: an error would undo what the app has done.
            logger.exception("The channels of a %s could not be named.", self._model.__name__)
            return []

    def _add(self, session: Any, names: Collection[str]) -> None:
        if session is not None and names:
            add_at_commit(session, names, self._at_commit)


def _keep(_row: object, value: object, _old: object, _initiator: object) -> object:
    return value


def _fields(names: Names) -> Iterator[str]:
    """The attributes that a format reads: ``room`` of ``{room.id}``."""
    if isinstance(names, str):
        for _, field, _, _ in string.Formatter().parse(names):
            if field:
                yield field.partition(".")[0].partition("[")[0]
