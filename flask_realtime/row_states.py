"""Reads a row as it is, or as it was before a flush wrote its changes."""

from __future__ import annotations

import inspect as python
from types import FunctionType, MethodType
from typing import Any


class RowState:
    """A view of a row at one moment: before or after its latest changes.

    The row's own methods and properties read the same moment. A related row (many-to-one, by
    primary key) is looked up by the key that the row had at that moment, because SQLAlchemy keeps
    the former related row in place when only its key is set, and does not load it by itself.

    :param row: an instance of a mapped class, within a session.
    :param was: True: attributes that have changed are read with their former values.
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
        # Methods and properties of the class read this state in place of the row.
        if isinstance(found, FunctionType):
            return MethodType(found, self)
        getter = getattr(found, "fget", None)
        return getattr(self._row, name) if getter is None else getter(self)

    def _value(self, name: str) -> Any:
        from sqlalchemy import inspect

        old = inspect(self._row).attrs[name].history.deleted if self._was else ()
        return old[0] if old else getattr(self._row, name)

    def _related(self, mapper: Any, key: list[Any]) -> Any:
        """Return the related row of this primary key, None if there is none."""
        from sqlalchemy.orm import object_session

        session: Any = object_session(self._row)
        if session is None or None in key:
            return None
        known = session.identity_map.get(mapper.identity_key_from_primary_key(tuple(key)))
        if known is not None:
            return known
        # A row that the same flush inserts cannot be found by its key yet.
        for one in session.new:
            if isinstance(one, mapper.class_) and mapper.primary_key_from_instance(one) == key:
                return one
        return session.get(mapper.class_, tuple(key))


def attributes_behind(mapper: Any, name: str) -> list[str]:
    """Return the mapped attributes on which the value of *name* depends.

    A column depends on itself, a relationship on its foreign keys, and a property or method of the
    class on all columns.
    """
    keys = _keys_of(mapper, name)
    if keys:
        return [*keys, name]
    return [name] if name in mapper.attrs else list(mapper.column_attrs.keys())


def _keys_of(mapper: Any, name: str) -> list[str]:
    """Return the attributes that hold the foreign key of a many-to-one relationship.

    They are in the order of the primary key that they refer to. Empty for any other relationship.
    """
    from sqlalchemy.orm import RelationshipDirection

    relationship = mapper.relationships.get(name)
    if relationship is None or relationship.direction is not RelationshipDirection.MANYTOONE:
        return []
    local = {remote: own for own, remote in relationship.local_remote_pairs}
    columns = [local.get(column) for column in relationship.mapper.primary_key]
    if any(one is None for one in columns) or len(columns) != len(local):
        return []
    return [mapper.get_property_by_column(column).key for column in columns]
