"""The end of a request: settles whose session it is now, and what its page may hear."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from flask import Flask, Request, Response

from ..caching import keep_nowhere
from ..errors import RegistryUnavailable, TooManyChannels
from ..flask_contexts import present_app
from ..outages import answer_outage, away
from ..page.client import (
    SOCKET_IN_ENVIRON,
    Client,
    SocketOfMessage,
    client_so_far,
    current_client,
    is_session_changed,
    is_touched,
    session_names,
)
from ..page.cookie_sessions import has_cookie_session
from ..page.identities import identity_now
from ..page.request_times import note_arrival
from ..page.session_ids import CAME_ID
from ..page.sessions import IS_NOT_SAVED, check_session, may_be_saved, save_nothing
from ..registries.records import Disconnect
from ..request_hooks import request_hooks
from ..threads.rare_warnings import RareWarnings
from .begun_at_once import BeginningNode, BegunAtOnce
from .forgotten_cookies import hide_forgotten, settle_forgotten
from .given_up_ids import GivenUpIds, names_of_id
from .late_answers import LateAnswers
from .logins import LogIns, has_logged_in
from .page_subscriptions import Grants
from .remembering import Remembering
from .succession import (
    ends_if_cleared,
    ends_of,
    forgotten_user,
    has_changed,
    heir_of,
    is_repetition,
    lacks_key,
    new_successor,
    orders_for,
    orders_for_remembered,
)
from .turnover import IS_UNSAVED, PATIENCE_SECONDS, EndingNode, Turnover, is_over
from .visits import asks_for_visit

logger = logging.getLogger(__name__)
warnings = RareWarnings(logger)

_IS_SETTLED = "flask_realtime.is_settled"
# Set in the environ of a request once its session could not be saved.
_IS_TRIED = "flask_realtime.is_tried"


class SessionNode(EndingNode, BeginningNode, Protocol):
    """The part of this process's :class:`.Node` that :class:`EndOfRequest` needs."""

    def has_ended(self, sessions: Sequence[str], heir: str) -> bool | None:
        """Return whether any of the browser sessions has ended, not counting an end by *heir*.

        None if that is not known.
        """


class EndOfRequest:
    """Looks at each request when its response is made, and ends sessions that have changed hands.

    A session gets another socket key if the request cleared it, or if it now belongs to another
    user than when the request came. The registry first notes that the session of the earlier key
    has ended; a registry that does not answer is not waited for, unless what it says decides which
    key the session gets: see :mod:`.succession`. When the response has been sent, and the browser
    has its next cookie, the sockets of the earlier session are closed in all processes.

    :param node: returns the node of this process.
    :param grants: the subscriptions that the request gives to its page.
    :param is_begun: returns whether this process has its node already; until then it knows of no
        ends.
    """

    def __init__(
        self,
        node: Callable[[], SessionNode],
        grants: Grants,
        is_begun: Callable[[], bool] = lambda: True,
    ) -> None:
        self._node = node
        self._grants = grants
        self._log_ins = LogIns()
        self._remembering = Remembering()
        self._begun_at_once = BegunAtOnce(node)
        self._given_up_ids = GivenUpIds(node)
        self._turnover = Turnover(node)
        self._late_answers = LateAnswers(node, is_begun)

    def init_app(self, app: Flask) -> None:
        """Settle each request of *app* from now on."""

        def begin(request: Request) -> None:
            note_arrival(request)
            self._log_ins.listen(app)
            if not has_cookie_session(app):
                hide_forgotten()
                self._given_up_ids.begin(request)

        def end(request: Request, response: Response) -> Response:
            try:
                response = self._settle(request, response)
            except BaseException as error:
                response = _answer_instead(request, response, error)
            if CAME_ID in request.environ:
                self._given_up_ids.note(PATIENCE_SECONDS)
            return response

        request_hooks(app).add(begin=begin, end=end)

    def end_session(self) -> None:
        """End the browser session that sent this request, with all its subscriptions, at once.

        Its sockets are closed (code 1000), and none of its pages connects again. Never raises
        :exc:`RegistryUnavailable`. The session gets another socket key at the end of the request,
        as :mod:`.succession` says; if the request is a message of a socket, when the browser
        fetches what the message changed.
        """
        client = current_client()
        names = session_names()
        if not names:
            # No page was shown yet, but somebody may have a copy of the cookie.
            client.is_over = True
            return
        if client.socket is not None:
            client.socket.disconnect_behind_reply()
        is_first, client.is_over = not client.is_over, True
        if is_first:
            client.is_repeated = self._node().has_just_ended(names)
        client.successor = client.successor or new_successor(client)
        ends = [*ends_of(client, names, client.successor), *orders_for(names)]
        ended_ago = self._node().end(ends)
        if is_first:
            client.was_over = is_over(ended_ago)
            client.is_repeated = client.is_repeated or is_repetition(ended_ago)

    def disconnect(self, client: Client) -> None:
        """Close the sockets of one page (code 1000). Never raises :exc:`RegistryUnavailable`."""
        if not client.exists:
            return
        if client.socket is not None:
            client.socket.disconnect_behind_reply()
        self._node().end([Disconnect(digest=digest) for digest in client.digests()])

    def _settle(self, request: Request, response: Response) -> Response:
        environ = request.environ
        if SOCKET_IN_ENVIRON not in environ:
            if CAME_ID in environ:
                settle_forgotten(request, response)
            try:
                response = self._settle_client(request, response)
            finally:
                # An error in the answer's place has a cookie that would undo a log-out, too.
                self._late_answers.settle(request, response)
            return response
        is_too_late = IS_NOT_SAVED in environ or self._is_too_late(environ[SOCKET_IN_ENVIRON])
        if is_too_late or (is_too_late is None and is_session_changed()):
            save_nothing()
            return response if is_too_late else away(response)
        if CAME_ID in environ:
            settle_forgotten(request, response)
        try:
            return self._settle_client(request, response)
        finally:
            # Last, because the grants read the session; and also where they meet with an outage.
            if is_too_late is None:
                save_nothing()

    def _settle_client(self, request: Request, response: Response) -> Response:
        environ = request.environ
        is_visited = asks_for_visit(request)
        if not (is_visited or is_touched(request)) or _IS_SETTLED in environ:
            return response
        environ[_IS_SETTLED] = True
        client = current_client() if is_visited else client_so_far()
        # The response to a handshake brings the browser no cookie.
        if response.status_code == 101:
            return response
        try:
            is_other = has_changed(client) or self._is_begun_anew(client)
            keeps_former = is_other and not self._turnover.run(client, response)
        except BaseException as error:
            if not environ.pop(IS_UNSAVED, False):
                if isinstance(error, Exception):
                    self._node().end(ends_if_cleared(client))
                raise
            if not (_is_tried_again(request) and isinstance(error, Exception)):
                raise
            save_nothing()
            return response
        self._have_sockets_come_back(request, is_other, response)
        try:
            if client is None:
                return response
            return self._grants.settle(client, response, identity_now())
        finally:
            # This comes last, because the grants read the session.
            if keeps_former:
                save_nothing()
            elif lacks_key():
                client = client or current_client()
                client.keep_socket_key()
            if client is not None:
                self._begun_at_once.note(response)

    def _have_sockets_come_back(self, request: Request, is_other: bool, response: Response) -> None:
        """Have sockets come back behind *response* that go by a remember cookie of before.

        :param is_other: whether the session has changed hands.
        """
        if is_other and (user := forgotten_user(response)):
            node = self._node()
            node.known_ends.note_user(user)
            response.call_on_close(partial(node.end, orders_for_remembered(user)))
        elif is_other or SOCKET_IN_ENVIRON in request.environ:
            # What a message sets waits until the browser fetches it.
            return
        elif orders := self._remembering.orders(response):
            response.call_on_close(partial(self._node().end, orders))

    def _is_too_late(self, socket: SocketOfMessage) -> bool | None:
        """Return whether the session of a message ended while the message was handled, so that the
        message would save it into the app's store once more, as it was before. None: that is not
        known.

        A session in a cookie is not saved by a message: its changes wait for the browser, and the
        registry drops what waits for a session that has ended.
        """
        if has_cookie_session(present_app()) or not may_be_saved():
            return False
        return self._node().has_ended([*session_names(), *names_of_id()], socket.heir)

    def _is_begun_anew(self, client: Client | None) -> bool:
        """Return whether the request logs in the user of a session that may have ended before."""
        if not has_logged_in():
            return False
        names = session_names()
        return bool(names) and self._node().has_ended(names, heir_of(client)) is not False


def _is_tried_again(request: Request) -> bool:
    """Return whether the session of a request could not be saved for the second time.

    At the first time the answer that Flask gives to the failure tries once more, as in any app.
    """
    environ = request.environ
    del environ[_IS_SETTLED]
    is_again, environ[_IS_TRIED] = _IS_TRIED in environ, True
    return is_again


def _answer_instead(request: Request, response: Response, error: BaseException) -> Response:
    """Return the library's answer to a request that could not be settled, or raise *error*.

    *response* is closed with the answer, since closing it closes the sockets of an ended session.
    """
    try:
        if isinstance(error, RegistryUnavailable):
            # An open page could not be subscribed, since the registry is away.
            answer = present_app().make_response(answer_outage(error))
            keep_nowhere(answer)
        elif isinstance(error, TooManyChannels):
            # An open page could not be subscribed, since its visitor asks for ever more channels.
            answer = _refuse(request, error)
        else:
            if isinstance(error, AttributeError):
                check_session()
            raise error
    except BaseException:
        response.close()
        raise
    answer.call_on_close(response.close)
    return answer


def _refuse(request: Request, error: TooManyChannels) -> Response:
    """Return the answer to an open page that would hear too many channels, and log it."""
    endpoint = request.endpoint or "a view"
    warnings.warn(endpoint, f"{endpoint} is answered 429: {error}")
    response = present_app().response_class(f"{error}\n", 429, mimetype="text/plain")
    keep_nowhere(response)
    return response
