"""Sockets that were open for long are closed, and reconnect with the present cookies."""

import math

import pytest

from flask_realtime.connection.age import AgeLimit
from flask_realtime.threads import clock

from ..sockets import Pair, frame
from ..starvation import no_thread_to_be_had


class Aging:
    """A connection that opened some seconds ago."""

    def __init__(self, name, age, user=None, session_left=math.inf):
        self.name = str(name)
        self.user = user
        self.opened_at = clock.monotonic() - age
        self.session_ends_at = clock.monotonic() + session_left
        self.code = None

    @property
    def is_receptive(self):
        return self.code is None

    def close_behind_work(self, code, reason):
        assert self.is_receptive
        self.code = code


def closed_at(age, seconds, count=100, user=None, of_users=None, session_left=math.inf):
    """Return how many of *count* sockets of an age are closed."""
    sockets = [Aging(number, age, user, session_left) for number in range(1, count + 1)]

    limit = AgeLimit(lambda: sockets, seconds, lambda: of_users)
    limit.sweep()
    limit.sweep()

    assert {one.code for one in sockets} <= {None, 1012}
    return sum(one.code is not None for one in sockets)


def test_sockets_that_came_together_do_not_go_together():
    """After a deploy all sockets have the same age. They close at different times."""
    assert closed_at(0, 1000) == closed_at(899, 1000) == 0
    assert 45 <= closed_at(950, 1000) <= 55
    assert closed_at(1001, 1000) == 100


@pytest.mark.parametrize("age", [0, 10_000_000])
def test_socket_may_stay_as_long_as_it_likes_where_the_app_says_so(age):
    """With REALTIME_MAX_SOCKET_AGE_SECONDS None no socket is closed for its age."""
    assert closed_at(age, None) == 0


@pytest.mark.parametrize("seconds", [1000, None])
def test_sockets_of_users_get_no_older_than_their_sessions(seconds):
    """A user's session ends by itself, and so do the sockets that hear the user's channels. Those
    of strangers, and of sessions that end later, have the app's limit alone."""
    assert closed_at(101, seconds, user="42", of_users=100) == 100
    assert closed_at(89, seconds, user="42", of_users=100) == 0
    assert closed_at(101, seconds, of_users=100) == 0
    assert closed_at(1001, 1000, user="42", of_users=5000) == 100


def test_socket_of_a_user_ends_with_the_session_that_its_handshake_had():
    """A session in a cookie was renewed long before the socket opened. The socket does not outlive
    it, and is not closed before its end, since the page would come back with the same cookie."""
    assert closed_at(1, 1000, user="42", of_users=100, session_left=-1) == 100
    assert closed_at(1, 1000, user="42", of_users=100, session_left=5) == 0


def test_socket_is_closed_for_its_age_though_the_system_has_no_thread_left():
    """Nothing is being handled on the socket, and no thread can be started to close it behind
    that. It is closed all the same: else it would hear its user for ever, and answer nothing."""
    pair = Pair().start()
    # The thread that writes was started before.
    pair.flusher.post(frame(1), ())
    pair.connection.opened_at -= 101

    with no_thread_to_be_had():
        AgeLimit(lambda: [pair.connection], 100).sweep()

    assert pair.receive_close() == 1012
    pair.end()
