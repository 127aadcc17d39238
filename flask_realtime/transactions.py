"""What waits for a database transaction to commit: pushes of ``after_commit=``.

SQLAlchemy 2.0's events decide when: ``after_commit`` fires at a savepoint's release too, so it
only marks the transaction, and ``after_transaction_end`` acts. ``close()`` fires no event of a
rollback. An exception in an event would make ``commit()`` raise after the database has committed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import partial
from typing import Any

logger = logging.getLogger(__name__)

_KEY = "flask_realtime.transactions"


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for a commit.

    :param channels: the names that it concerns, for the log.
    :param hand_out: does what waits; called once, after the commit.
    """

    channels: tuple[str, ...]
    hand_out: Callable[[], None]


@dataclass(slots=True)
class _Transaction:
    """What waits for one transaction, or for a savepoint in it."""

    waiting: list[Waiting] = field(default_factory=list)
    #: By function, the names that it is to be called with; each once, in order.
    names: dict[Callable[[list[str]], None], dict[str, None]] = field(default_factory=dict)
    is_committed: bool = False
    is_rolled_back: bool = False


def has_begun(session: Any) -> bool:
    """Return whether *session* is in a transaction, for whose commit a push can wait.

    :param session: as :func:`wait_for_commit` takes it.
    :raises TypeError: if *session* is no session of SQLAlchemy's.
    """
    return _innermost(plain_session(session)) is not None


def wait_for_commit(session: Any, channels: Collection[str], hand_out: Callable[[], None]) -> None:
    """Call *hand_out* once the outermost transaction of *session* has committed.

    What waits is dropped if that transaction, or a savepoint around this call, is rolled back or
    closed. Where no transaction has begun *hand_out* is called at once.

    :param session: a SQLAlchemy session, a ``scoped_session`` (as Flask-SQLAlchemy's
        ``db.session`` is one), or an ``AsyncSession``.
    :param channels: the names that it concerns, for the log.
    :raises TypeError: if *session* is none of these.
    """
    plain = plain_session(session)
    transaction = _innermost(plain)
    if transaction is None:
        hand_out()
    else:
        _waiting_for(plain, transaction).waiting.append(Waiting(tuple(channels), hand_out))


def add_at_commit(
    session: Any, names: Collection[str], at_commit: Callable[[list[str]], None]
) -> None:
    """Add *names* to those with which *at_commit* is called once, behind the session's commit.

    :param session: SQLAlchemy's session itself, within a transaction.
    :param names: the names of channels; one that was added before counts once.
    :param at_commit: the function; names of one function are collected together.
    """
    waiting = _waiting_for(session, _innermost(session))
    waiting.names.setdefault(at_commit, {}).update(dict.fromkeys(names))


def plain_session(session: Any) -> Any:
    """The SQLAlchemy ``Session`` itself of what an app calls its session.

    :raises TypeError: if *session* is no session of SQLAlchemy's.
    """
    from sqlalchemy.orm import Session, scoped_session

    found = session() if isinstance(session, scoped_session) else session
    found = getattr(found, "sync_session", found)
    if not isinstance(found, Session):
        raise TypeError(
            f"after_commit is {type(session).__name__!r}, but a session of SQLAlchemy's is "
            f"expected, such as Flask-SQLAlchemy's db.session."
        )
    return found


def _innermost(session: Any) -> Any:
    return session.get_nested_transaction() or session.get_transaction()


def _waiting_for(session: Any, transaction: Any) -> _Transaction:
    known = session.info.get(_KEY)
    if known is None:
        known = session.info[_KEY] = {}
        _listen(session)
    found: _Transaction = known.setdefault(transaction, _Transaction())
    return found


def _listen(session: Any) -> None:
    from sqlalchemy import event

    event.listen(session, "after_commit", _mark_committed)
    event.listen(session, "after_rollback", _mark_rolled_back)
    event.listen(session, "after_transaction_end", _end)


def _mark_committed(session: Any) -> None:
    found = session.info[_KEY].get(_innermost(session))
    if found is not None:
        found.is_committed = True


def _mark_rolled_back(session: Any) -> None:
    found = session.info[_KEY].get(_innermost(session))
    if found is not None:
        found.is_rolled_back = True


def _end(session: Any, transaction: Any) -> None:
    ended = session.info[_KEY].pop(transaction, None)
    if ended is None:
        return
    if not ended.is_committed:
        _report_dropped(ended, transaction)
    elif transaction.parent is None:
        for one in ended.waiting:
            _hand_out(one)
        for at_commit, names in ended.names.items():
            _hand_out(Waiting(tuple(names), partial(at_commit, list(names))))
    else:
        _move(ended, _waiting_for(session, _around(transaction)))


def _around(savepoint: Any) -> Any:
    """The savepoint or transaction around a savepoint; a flush has one of its own in between."""
    around = savepoint.parent
    while around.parent is not None and not around.nested:
        around = around.parent
    return around


def _move(released: _Transaction, around: _Transaction) -> None:
    around.waiting.extend(released.waiting)
    for at_commit, names in released.names.items():
        around.names.setdefault(at_commit, {}).update(names)


def _hand_out(waiting: Waiting) -> None:
    try:
        waiting.hand_out()
    except Exception:
        # The database has committed: an error here would tell the view that it has not.
        logger.exception("A push to %s failed behind its commit.", _named(waiting.channels))


def _report_dropped(ended: _Transaction, transaction: Any) -> None:
    if not ended.waiting:
        return
    channels = _named([name for one in ended.waiting for name in one.channels])
    if ended.is_rolled_back or transaction.parent is not None:
        logger.info("A transaction was rolled back, and with it what was to go to %s.", channels)
        return
    logger.warning(
        "A transaction ended without a commit, and what waited for it was dropped: it was to go "
        "to %s. Did the push come after the commit? Whatever reads an expired row there, as a "
        "message.to_dict() may, begins a new transaction, which nobody commits: push before "
        "the commit, or without after_commit.",
        channels,
    )


def _named(channels: Collection[str]) -> str:
    return ", ".join(repr(name) for name in dict.fromkeys(channels))
