"""``after_commit=``: pushes that wait until a database transaction commits.

SQLAlchemy's events tell when. ``after_commit`` fires at the release of a savepoint too, so it only
marks the transaction, and ``after_transaction_end`` acts. ``Session.close()`` fires no rollback
event. No error may leave an event: ``commit()`` would raise it after the database has committed.
Only what interrupts the caller, such as a ``gevent.Timeout``, is raised, behind the last push.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from .errors import NobodyListens

logger = logging.getLogger(__name__)

_KEY = "flask_realtime.transactions"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A push that waits for a commit.

    :param channels: the names that the push goes to, for the log.
    :param hand_out: makes the push; called once, after the commit.
    """

    channels: tuple[str, ...]
    hand_out: Callable[[], None]


@dataclass(slots=True)
class _Transaction:
    """The pushes that wait for one transaction, or for a savepoint in it."""

    waiting: list[Waiting] = field(default_factory=list)
    #: For each function, the names with which it is to be called; each name once, in order.
    names: dict[Callable[[list[str]], None], dict[str, None]] = field(default_factory=dict)
    is_committed: bool = False
    is_rolled_back: bool = False


def has_begun(session: Any) -> bool:
    """Return whether *session* is in a transaction, so that a push can wait for its commit.

    :param session: as :func:`wait_for_commit` takes it.
    :raises TypeError: if *session* is no session of SQLAlchemy's.
    """
    return _innermost(plain_session(session)) is not None


def wait_for_commit(session: Any, channels: Collection[str], hand_out: Callable[[], None]) -> None:
    """Call *hand_out* once the outermost transaction of *session* has committed.

    *hand_out* is not called if that transaction, or a savepoint around this call, is rolled back
    or closed. It is called at once if no transaction has begun.

    :param session: a SQLAlchemy ``Session``, a ``scoped_session`` such as Flask-SQLAlchemy's
        ``db.session``, or an ``AsyncSession``.
    :param channels: the names that the push goes to, for the log.
    :param hand_out: makes the push.
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
    """Call *at_commit* once after the session's commit, with all names that were added for it.

    :param session: SQLAlchemy's session itself, within a transaction.
    :param names: names of channels; a name that was added before counts once.
    :param at_commit: the function; calls of this function with the same *at_commit* are joined.
    """
    waiting = _waiting_for(session, _innermost(session))
    waiting.names.setdefault(at_commit, {}).update(dict.fromkeys(names))


def hand_out_each(committed: Iterable[Waiting]) -> None:
    """Make pushes whose transaction has committed; one that fails keeps back none of the others.

    Failures are logged. What interrupts the caller, such as a ``gevent.Timeout``, is raised behind
    the last push.

    :param committed: the pushes.
    """
    interruption: BaseException | None = None
    for one in committed:
        try:
            _hand_out(one)
        except BaseException as error:
            # A gevent.Timeout, for example: it ends the waiting for Redis, and no push.
            interruption = interruption or error
    if interruption is not None:
        raise interruption


def plain_session(session: Any) -> Any:
    """Return the SQLAlchemy ``Session`` behind a ``scoped_session`` or an ``AsyncSession``.

    :raises TypeError: if *session* is no session of SQLAlchemy's.
    """
    from sqlalchemy.orm import Session, scoped_session

    found = session() if isinstance(session, scoped_session) else session
    found = getattr(found, "sync_session", found)
    if not isinstance(found, Session):
        raise TypeError(
            f"after_commit is a {type(session).__name__}, but a session of SQLAlchemy is "
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
        _hand_out_all(ended)
    else:
        _move(ended, _waiting_for(session, _around(transaction)))


def _around(savepoint: Any) -> Any:
    """Return what is around a savepoint: another savepoint, or the transaction.

    The transaction that SQLAlchemy begins for each flush is skipped.
    """
    around = savepoint.parent
    while around.parent is not None and not around.nested:
        around = around.parent
    return around


def _move(released: _Transaction, around: _Transaction) -> None:
    around.waiting.extend(released.waiting)
    for at_commit, names in released.names.items():
        around.names.setdefault(at_commit, {}).update(names)


def _hand_out_all(committed: _Transaction) -> None:
    refreshes = [
        Waiting(tuple(names), partial(at_commit, list(names)))
        for at_commit, names in committed.names.items()
    ]
    hand_out_each((*committed.waiting, *refreshes))


def _hand_out(waiting: Waiting) -> None:
    try:
        waiting.hand_out()
    except NobodyListens as error:
        # A command that fills the database of an app under development has no Redis, and no pages.
        logger.warning("A push to %s reached nobody: %s", _named(waiting.channels), error)
    except Exception:
        # Not raised: the database has committed, and an error would tell the view that it has not.
        logger.exception("A push to %s failed after its commit.", _named(waiting.channels))


def _report_dropped(ended: _Transaction, transaction: Any) -> None:
    if not ended.waiting:
        return
    channels = _named([name for one in ended.waiting for name in one.channels])
    if ended.is_rolled_back or transaction.parent is not None:
        logger.info(
            "A transaction was rolled back; its pushes to %s are dropped.",
            channels,
        )
        return
    logger.warning(
        "A transaction ended without a commit, and the pushes that waited for it are dropped: they "
        "were to go to %s. Was push() called after the commit? Code that reads an expired row "
        "there, such as message.to_dict(), begins a new transaction, which nobody commits: push "
        "before the commit, or without after_commit.",
        channels,
    )


def _named(channels: Collection[str]) -> str:
    return ", ".join(repr(name) for name in dict.fromkeys(channels))
