"""Rows as they are, and as they were before a flush wrote what has changed of them."""

from __future__ import annotations

import inspect as python
from types import FunctionType, MethodType
from typing import Any


class RowState:
    """A row whose attributes are read as of one moment, its own methods and properties included.

    A row that it belongs to (many-to-one, by primary key) is found by the key that the row had at
    that moment: SQLAlchemy leaves a related row in place whose key was set to another, and does
    not load one merely to know what it was.

    :param row: an instance of a mapped class, within a session.
    :param was: whether its former values count where it has new ones.
    """

    def __init__(self, row: Any, was: bool) -> None:
        self._row = row
        self._was = was

    def __getattr__(self, name: str) -> Any:
        from sqlalchemy import inspect

        mapper: Any = inspect(self._row).mapper
        keys = _keys_of(mapper, name)
        if keys:
            return self._related(mapper.relationships[name].mapper, [self._value(k) for k in keys])
        if name in mapper.attrs:
            return self._value(name)
        found = python.getattr_static(type(self._row), name, None)
        # Of the class's own they read this state, as they would read the row.
        if isinstance(found, FunctionType):
            return MethodType(found, self)
        getter = getattr(found, "fget", None)
        return getattr(self._row, name) if getter is None else getter(self)

    def _value(self, name: str) -> Any:
        from sqlalchemy import inspect

        old = inspect(self._row).attrs[name].history.deleted if self._was else ()
        return old[0] if old else getattr(self._row, name)

    def _related(self, mapper: Any, key: list[Any]) -> Any:
        """The row of this primary key; None if there is none."""
        from sqlalchemy.orm import object_session

        session: Any = object_session(self._row)
        if session is None or None in key:
            return None
        known = session.identity_map.get(mapper.identity_key_from_primary_key(tuple(key)))
        if known is not None:
            return known
        # One that the same flush has inserted is not known by its key yet.
        for one in session.new:
            if isinstance(one, mapper.class_) and mapper.primary_key_from_instance(one) == key:
                return one
        return session.get(mapper.class_, tuple(key))


def attributes_behind(mapper: Any, name: str) -> list[str]:
    """Return the mapped attributes from which *name* is read: itself, or the keys of what it
    relates to; all columns where it is a property or a method of the class."""
    keys = _keys_of(mapper, name)
    if keys:
        return [*keys, name]
    return [name] if name in mapper.attrs else list(mapper.column_attrs.keys())


def _keys_of(mapper: Any, name: str) -> list[str]:
    """The attributes that hold the primary key of what a many-to-one relationship leads to, in
    that key's order; none for anything else."""
    from sqlalchemy.orm import RelationshipDirection

    relationship = mapper.relationships.get(name)
    if relationship is None or relationship.direction is not RelationshipDirection.MANYTOONE:
        return []
    local = {remote: own for own, remote in relationship.local_remote_pairs}
    columns = [local.get(column) for column in relationship.mapper.primary_key]
    if any(one is None for one in columns) or len(columns) != len(local):
        return []
    return [mapper.get_property_by_column(column).key for column in columns]
