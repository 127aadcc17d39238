"""Rows that are passed to a fragment's template before the database has them.

A template is rendered at once. A row that was added to a SQLAlchemy session and not flushed has no
primary key then, and what the template makes of it, such as ``<li id="m{{ m.id }}">``, is wrong in
every page.
"""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Iterator, ValuesView
from itertools import islice
from typing import Any

from flask import current_app, has_app_context
from werkzeug.local import LocalProxy

from .errors import NotFlushed
from .transactions import plain_session

logger = logging.getLogger(__name__)

_SEQUENCES = (list, tuple, set, frozenset, ValuesView)
#: How many values are looked at, to find the rows among what is passed to a template.
MOST_VALUES = 5_000
_LEAST_SHARE = 100
_TOLD = "realtime_told_rows"


def flush_passed_rows(template: str, variables: dict[str, Any], after_commit: Any) -> None:
    """Flush the session of a push that waits for its commit, if a row of it is passed.

    A session whose ``autoflush`` is off is not flushed. Rows that have no primary key and are to
    be pushed without a commit, or belong to no session, make the log warn once for each template.

    :param template: the name of the template, for errors and the log.
    :param variables: what is passed to the template: rows, also in lists and dicts. Of very many
        values, the ends of the lists that lie least deep are looked at.
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
                remedy = "push after this flush, in after_flush_postexec for example"
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
        remedy = (
            ": call db.session.flush() before the push. With after_commit=db.session the push "
            "does so by itself, and waits until the commit."
        )
    elif has_app_context() and current_app.debug:
        remedy = (
            ", and it belongs to no session: add it to the session, and flush that, before the "
            "push. Ignore this if the row is never to be in the database."
        )
    else:
        return
    if _is_new((template, remedy)):
        logger.warning("%s%s", _described(template, state), remedy)


def _is_new(warning: tuple[str, str]) -> bool:
    """Return whether the current app has not been told this before."""
    if not has_app_context():
        return True
    told: set[tuple[str, str]] = current_app.extensions.setdefault(_TOLD, set())
    if warning in told:
        return False
    told.add(warning)
    return True


def _described(template: str, state: Any) -> str:
    keys = ", ".join(_key_names(state))
    return (
        f"The template {template!r} of a fragment is rendered now, and is passed a "
        f"{state.class_.__name__} that the database does not have yet, so that its {keys} is None"
    )


def _lacks_key(state: Any) -> bool:
    # A row that nothing else holds has gone: a list that makes its rows as it is read makes others.
    if state.key is not None or (row := state.obj()) is None:
        return False
    return any(getattr(row, name) is None for name in _key_names(state))


def _key_names(state: Any) -> list[str]:
    mapper = state.mapper
    return [mapper.get_property_by_column(column).key for column in mapper.primary_key]


def _states_of(variables: dict[str, Any]) -> Iterator[Any]:
    """Yield what SQLAlchemy knows of each row in *variables*, in lists and dicts too."""
    from sqlalchemy import inspect
    from sqlalchemy.orm import Mapper

    kinds: dict[type, bool] = {}
    for value in islice(_values_in(variables), MOST_VALUES):
        kind = type(value)
        # The class is asked and not the value: to inspect an engine would open a connection.
        if kind not in kinds:
            kinds[kind] = isinstance(inspect(kind, raiseerr=False), Mapper)
        if kinds[kind]:
            yield inspect(value)


def _values_in(variables: dict[str, Any]) -> Iterator[Any]:
    """Yield *variables*, what they hold, what that holds, and so on: the last ones first.

    A new row is most often the last of its list.
    """
    seen: set[int] = set()
    level: list[Any] = [variables]
    while level:
        holders = []
        for held in level:
            value = _resolved(held)
            yield value
            if issubclass(type(value), (dict, *_SEQUENCES)) and id(value) not in seen:
                seen.add(id(value))
                holders.append(value)
        level = []
        # Each holder gets a share, so that one long list leaves something to the others.
        share = max(_LEAST_SHARE, MOST_VALUES // max(1, len(holders)))
        for one in holders:
            if len(level) < MOST_VALUES:
                inside = list(one.values() if isinstance(one, dict) else one)
                level.extend(inside[: -share - 1 : -1])


def _resolved(value: Any) -> Any:
    """Return what a proxy stands for; the proxy itself if that is nothing here."""
    if isinstance(value, LocalProxy):
        with contextlib.suppress(RuntimeError):
            return value._get_current_object()
    return value
