"""Rows that are passed to a fragment's template before the database has them.

A template is rendered at once. A row that was added to a SQLAlchemy session and not flushed has no
primary key then, and what the template makes of it, such as ``<li id="m{{ m.id }}">``, is wrong in
every page.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, ValuesView
from typing import Any

from flask import current_app, has_app_context
from werkzeug.local import LocalProxy

from .errors import RealtimeError
from .transactions import plain_session

logger = logging.getLogger(__name__)

_SEQUENCES = (list, tuple, set, frozenset, ValuesView)


class NotFlushed(RealtimeError, RuntimeError):
    """A fragment's template is passed a row whose primary key is None until a flush."""


def flush_passed_rows(template: str, variables: dict[str, Any], after_commit: Any) -> None:
    """Flush the session of a push that waits for its commit, if a row of it is passed.

    A session whose ``autoflush`` is off is not flushed. Rows that have no primary key and are to
    be pushed without a commit, or belong to no session, are told by a warning.

    :param template: the name of the template, for errors and the log.
    :param variables: what is passed to the template: rows, also in lists and dicts.
    :param after_commit: the session whose commit the push waits for; None: it waits for nothing.
    :raises NotFlushed: if a row of that session has no primary key, and no flush can be made here.
    """
    if "sqlalchemy.orm" not in sys.modules:
        return
    states = list(_states_of(variables))
    if not states:
        return
    session = None if after_commit is None else plain_session(after_commit)
    if session is not None and any(one.session is session for one in states):
        is_async = session is getattr(after_commit, "sync_session", None)
        if session.autoflush and not (is_async or session._flushing):
            session.flush()
        else:
            _check_keys(template, states, session, is_async)
    for one in states:
        if session is None or one.session is not session:
            _warn_without_key(template, one)


def _check_keys(template: str, states: list[Any], session: Any, is_async: bool) -> None:
    """Raise :exc:`NotFlushed` for the first row of *session* without a primary key."""
    for one in states:
        if one.session is session and _lacks_key(one):
            if session._flushing:
                remedy = "push behind this flush, in after_flush_postexec for example"
            elif is_async:
                remedy = "await session.flush() before the push"
            else:
                remedy = "call db.session.flush() before the push, since autoflush is off here"
            raise NotFlushed(f"{_described(template, one)}: {remedy}.")


def _warn_without_key(template: str, state: Any) -> None:
    """Warn of a row without a primary key; in debug mode alone if it belongs to no session."""
    if not _lacks_key(state):
        return
    if state.session is not None:
        logger.warning(
            "%s: call db.session.flush() before the push. With after_commit=db.session the push "
            "does so by itself, and waits until the commit.",
            _described(template, state),
        )
    elif has_app_context() and current_app.debug:
        logger.warning(
            "%s, and it belongs to no session: add it to the session, and flush that, before the "
            "push. Ignore this if the row is never to be in the database.",
            _described(template, state),
        )


def _described(template: str, state: Any) -> str:
    keys = ", ".join(_key_names(state))
    return (
        f"The template {template!r} of a fragment is rendered now, and is passed a "
        f"{state.class_.__name__} that the database does not have yet, so that its {keys} is None"
    )


def _lacks_key(state: Any) -> bool:
    if state.key is not None:
        return False
    row = state.obj()
    return any(getattr(row, name) is None for name in _key_names(state))


def _key_names(state: Any) -> list[str]:
    mapper = state.mapper
    return [mapper.get_property_by_column(column).key for column in mapper.primary_key]


def _states_of(variables: dict[str, Any]) -> Iterator[Any]:
    """Yield what SQLAlchemy knows of each row in *variables*, in lists and dicts too."""
    from sqlalchemy import inspect
    from sqlalchemy.orm import Mapper

    kinds: dict[type, bool] = {}
    seen: set[int] = set()
    rest: list[Any] = [variables]
    while rest:
        value = rest.pop()
        if isinstance(value, LocalProxy):
            value = value._get_current_object()
        kind = type(value)
        if issubclass(kind, (dict, *_SEQUENCES)):
            if id(value) not in seen:
                seen.add(id(value))
                rest.extend(value.values() if issubclass(kind, dict) else value)
            continue
        # The class is asked and not the value: to inspect an engine would open a connection.
        if kind not in kinds:
            kinds[kind] = isinstance(inspect(kind, raiseerr=False), Mapper)
        if kinds[kind]:
            yield inspect(value)
