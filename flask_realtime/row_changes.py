"""``realtime.refresh_on_commit``: finds out which channels a commit of a database concerns."""

from __future__ import annotations

import logging
import re
import string
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from .protocol.channels import check_format, names_of
from .row_states import RowState, attributes_behind
from .signatures import check_arguments
from .transactions import add_at_commit

logger = logging.getLogger(__name__)

#: A format of a channel's name, filled with a row's attributes; or a function of a row that returns
#: names.
Names = str | Callable[[Any], str | Iterable[str] | None]

# The steps of a path: an attribute, or what is under a key.
_STEPS = re.compile(r"\[[^\]]*\]|[^.\[]+")


class _Change(NamedTuple):
    """A row that a flush writes.

    :param names: the channels of the row before the change; empty for a new row.
    :param counts: whether the change concerns the row's channels even if they stay the same.
    """

    row: Any
    names: list[str]
    counts: bool


class RowWatcher:
    """Finds the channels of the rows of *model* that a commit inserts, deletes or changes.

    Bulk statements (``session.execute(update(…))``) are not seen: SQLAlchemy does not tell which
    rows they change.

    :param model: a mapped class; its subclasses count too.
    :param names: a format of a channel's name, filled with the row's attributes, such as
        ``"room:{room_id}"``; or a function of a row that returns one name, several, or None.
    :param columns: the names of the attributes whose change counts; None: any change. A row that
        is inserted or deleted, or that moves from one channel to another, always counts.
    :param at_commit: called once after each commit, with the names of its channels.
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
        """Begin to watch the rows, in every SQLAlchemy session."""
        from sqlalchemy import event
        from sqlalchemy.orm import Session

        event.listen(Session, "after_flush", self._after_flush)
        event.listen(Session, "after_flush_postexec", self._after_flush_postexec)
        event.listen(self._model, "before_delete", self._before_delete, propagate=True)
        for name in self._naming_attributes():
            # An expired row has forgotten its old value: active_history loads it before it is
            # replaced.
            attribute = getattr(self._model, name)
            event.listen(attribute, "set", _keep, active_history=True, propagate=True)

    def _check(self) -> None:
        mapper = _mapper_of(self._model)
        if isinstance(self._columns, str):
            raise TypeError(
                f"columns is {self._columns!r}, but a collection of attributes is expected, such "
                f"as ({self._columns!r},). To refresh several channels, give a function of the row "
                f"that returns all their names."
            )
        if isinstance(self._names, str):
            check_format(self._names)
        elif not callable(self._names):
            raise TypeError(
                f"refresh_on_commit takes a format such as 'room:{{room_id}}', or a function of a "
                f"row that returns names, not {self._names!r:.100}."
            )
        else:
            check_arguments(self._names, ("row",), "refresh_on_commit")
        known: set[str] = set(mapper.all_orm_descriptors.keys())
        asked = {*(self._columns or ()), *_fields(self._names)}
        unknown = sorted(asked - known - set(dir(self._model)))
        if unknown:
            raise ValueError(
                f"refresh_on_commit names the attribute {unknown[0]!r}, but {self._model.__name__} "
                f"has no attribute of that name; its attributes are: {', '.join(sorted(known))}."
            )

    def _naming_attributes(self) -> list[str]:
        from sqlalchemy import inspect

        mapper: Any = inspect(self._model)
        if not isinstance(self._names, str):
            # Which columns a function reads is not known: it may be any.
            return list(mapper.column_attrs.keys())
        found = [one for name in _fields(self._names) for one in attributes_behind(mapper, name)]
        plain = {one.key for one in (*mapper.column_attrs, *mapper.relationships)}
        return [name for name in dict.fromkeys(found) if name in plain]

    def _after_flush(self, session: Any, flush: Any) -> None:
        changed = [self._before(row) for row in session.dirty if self._is_changed(session, row)]
        added = [_Change(row, [], True) for row in session.new if isinstance(row, self._model)]
        # Relationships of a new row can only be loaded after the flush.
        flush.attributes[self] = [*changed, *added]

    def _after_flush_postexec(self, session: Any, flush: Any) -> None:
        from sqlalchemy import inspect

        for one in flush.attributes.pop(self, ()):
            # A flush of some objects alone leaves others as they are.
            if not inspect(one.row).persistent:
                continue
            now, before = self._names_of(one.row, was=False), one.names
            if one.counts or now != before:
                self._add(session, [*before, *now])

    def _is_changed(self, session: Any, row: Any) -> bool:
        is_watched = isinstance(row, self._model) and row not in session.deleted
        return is_watched and session.is_modified(row, include_collections=False)

    def _before(self, row: Any) -> _Change:
        return _Change(row, self._names_of(row, was=True), self._concerns(row))

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
        """Return the channels of a row as it is now or, if *was*, as it was before this flush."""
        state = RowState(row, was)
        try:
            if isinstance(self._names, str):
                read = {name: getattr(state, name) for name in _fields(self._names)}
                # A row whose key is None belongs to no channel.
                is_none = any(_is_none(one, read) for one in _paths(self._names))
                return [] if is_none else [self._names.format_map(read)]
            return names_of(self._names(state), "refresh_on_commit")
        except Exception:
            # Not raised: an error in the middle of a flush would undo what the app has done.
            logger.exception(
                "refresh_on_commit: the names of the channels for a %s could not be computed.",
                self._model.__name__,
            )
            return []

    def _add(self, session: Any, names: Collection[str]) -> None:
        if session is not None and names:
            add_at_commit(session, names, self._at_commit)


def _mapper_of(model: Any) -> Any:
    from sqlalchemy import inspect
    from sqlalchemy.orm import Mapper

    mapper = inspect(model, raiseerr=False)
    if not isinstance(mapper, Mapper):
        raise TypeError(
            f"refresh_on_commit takes a mapped class of SQLAlchemy's, such as Message, and neither "
            f"its table nor one of its rows: {model!r:.100}."
        )
    return mapper


def _keep(_row: object, value: object, _old: object, _initiator: object) -> object:
    return value


def _fields(names: Names) -> Iterator[str]:
    """Yield the attributes that a format reads: ``room`` for ``{room.id}``."""
    for path in _paths(names):
        yield path.partition(".")[0].partition("[")[0]


def _paths(names: Names) -> Iterator[str]:
    """Yield what a format reads: ``room.id`` for ``{room.id}``."""
    if isinstance(names, str):
        for _, path, _, _ in string.Formatter().parse(names):
            if path:
                yield path


def _is_none(path: str, read: Mapping[str, Any]) -> bool:
    """Return whether a path leads to None, or past it: ``room.owner.id`` where nobody owns it.

    :param read: the attributes with which the paths of the format begin.
    """
    steps = [path[: step.end()] for step in _STEPS.finditer(path)]
    return any(string.Formatter().get_field(step, (), read)[0] is None for step in steps)
