"""Hands what waits for a browser over to it, with the answer to the page that fetches it."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from flask import Response, current_app, session

from ..identity.keys import shorten
from ..identity.origins import SHOWN
from ..page.cookie_sessions import has_cookie_session
from ..page.identities import identity_now
from ..page.sessions import present_session, save_nothing
from ..registries.records import End
from ..threads.rare_warnings import RareWarnings
from .cookie_jar import last_of_each
from .ended_in_browser import log_out
from .overtaken_cookies import cookies_still_meant
from .pending_changes import SessionChanges, rewritten_keys
from .remember_cookie import forget_log_in, forget_remembered

logger = logging.getLogger(__name__)
warnings = RareWarnings(logger)

Waiting = tuple[str, SessionChanges]


@dataclass(frozen=True, slots=True)
class HandingOver:
    """What the answer to a page that fetches changes does to its browser.

    It is kept beside the answer, since a function of the app may put another one in its place.

    :param waiting: the changes, of which there may be none: no session is set then.
    :param orders: what is carried out behind the answer.
    :param logs_out: whether the browser's session has ended, and the browser is to be logged out.
    """

    waiting: Sequence[Waiting] = ()
    orders: Sequence[End] = ()
    logs_out: bool = False

    def run(self, response: Response) -> None:
        """Hand over what waits, or set no session, once the app's functions have run.

        They may write into the session at each request, as when its visitor was seen last, and
        renew the cookie that remembers its user, as Flask-Login does.
        """
        made = [*_with_cookies_meant(_make(self.waiting))]
        of_nobody = [one for item, lines in made if item.identities[1] is None for one in lines]
        is_ended = forget_remembered(of_nobody) or any(item.heir for _digest, item in self.waiting)
        has_changed = is_ended or any(item.changes or item.renews for item, _lines in made)
        if not (has_changed or self.logs_out):
            # A session cookie that changes nothing could undo a log-out that is under way.
            save_nothing()
        forget_log_in(response)
        for line in last_of_each(chain.from_iterable(lines for _item, lines in made)):
            response.headers.add("Set-Cookie", line)
        if self.logs_out:
            log_out(response)


def _with_cookies_meant(
    made: Sequence[SessionChanges],
) -> Iterator[tuple[SessionChanges, Sequence[str]]]:
    """Yield what messages have changed, with the cookies that they have set, but for those that
    would undo what came since.

    Where a message has given the session another id, the request still comes by the former one: its
    session does not tell whose the browser's is behind the next message, such as a log-in.
    """
    has_another_id = False
    for item in made:
        yield item, item.cookies if has_another_id else cookies_still_meant(item)
        has_another_id = has_another_id or item.gives_another_id


def _make(waiting: Sequence[Waiting]) -> list[SessionChanges]:
    """Make the changes that fit the session; return them."""
    if not waiting:
        return []
    made, identity = [], identity_now()
    rewritten = rewritten_keys()
    for digest, item in waiting:
        if not item.fits(present_session(), identity, rewritten):
            _tell_of_drop(digest, item.conflicts(present_session(), rewritten))
            continue
        item.apply(session, rewritten)
        if item.renews and session.permanent:
            session.modified = True
        # A cookie changes the id of a session that the server keeps, for requests to come.
        is_kept = not has_cookie_session(current_app)
        identity = item.identities[1] if is_kept else identity_now()
        made.append(item)
    return made


def _tell_of_drop(digest: str, keys: Collection[str]) -> None:
    """Log that a change is dropped, as a warning if it may have been a log-out.

    :param keys: what HTTP has changed meanwhile; none: the session is another user's.
    """
    if not keys:
        logger.info("A change for the browser of %s is dropped: its user is gone.", shorten(digest))
        return
    warnings.warn(
        "dropped",
        f"What a message of {shorten(digest)} has changed in its session is dropped, since HTTP "
        f"has changed {', '.join(map(repr, keys)):.{SHOWN}} there meanwhile. If that was a "
        f"log-out, the browser stays logged in: where the app says who its user is, by "
        f"realtime.identify, a log-out is made in any case.",
    )
