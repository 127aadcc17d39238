"""Every registry: browser sessions and users that have ended, and clients that may not
reconnect."""

import pytest

from flask_realtime.registries.records import ConnectionRecord, Grant
from flask_realtime.threads import clock

from ..eventually import eventually

# Two pages of one browser session, and one of another.
SESSION, OTHER_SESSION = "5" * 32, "6" * 32
PAGE, SECOND_PAGE, OTHER_PAGE = "a" * 32 + SESSION, "b" * 32 + SESSION, "a" * 32 + OTHER_SESSION
USER = "a%3Ab%40c"


def subscriptions(registry, digest):
    return registry.subscriptions([digest])[digest]


def test_client_of_a_session_that_has_ended_does_not_connect(registry):
    """No page of an ended session connects; pages of other sessions do."""
    for page in (PAGE, SECOND_PAGE, OTHER_PAGE):
        registry.subscribe(page, ["a"])

    registry.end_session(SESSION)

    for page in (PAGE, SECOND_PAGE):
        arrival = registry.connect(page, "1")
        assert arrival.has_ended
        assert (arrival.subscriptions, list(arrival.waiting)) == (None, [])
    arrival = registry.connect(OTHER_PAGE, "1")
    assert not arrival.has_ended
    assert set(arrival.subscriptions) == {"a"}


def test_connection_that_was_refused_is_not_noted(registry):
    """A refused connection leaves no entry of its client."""
    registry.subscribe(PAGE, ["a"])
    registry.end_session(SESSION)

    registry.connect(PAGE, "1")

    assert list(subscriptions(registry, PAGE).connections) == []


def test_session_may_have_ended_under_an_earlier_secret_key(registry):
    """A process that knows only the earlier secret key has ended the session under that key's
    digest. The session counts as ended."""
    registry.end_session(OTHER_SESSION)

    assert registry.connect(PAGE, "1", sessions=[OTHER_SESSION]).has_ended
    assert not registry.connect(PAGE, "1").has_ended


def test_end_of_a_session_is_known_to_every_process(registry, other):
    """A page reconnects to another process than that of the log-out, and is refused."""
    registry.end_session(SESSION)

    assert other.connect(PAGE, "1").has_ended


def test_client_of_a_session_that_has_ended_is_subscribed_to_nothing(registry, fill):
    """A request was running during the log-out. Its subscription is not made."""
    start = fill(registry, "a", 1)[0]
    registry.end_session(SESSION)

    registry.subscribe(PAGE, ["a"])
    registry.subscribe(PAGE, {"a": start})

    assert subscriptions(registry, PAGE) is None


@pytest.mark.parametrize("had_socket", [True, False])
def test_end_of_a_session_is_remembered_as_long_as_its_pages_could_come_back(
    open_registry, had_socket
):
    """An end is remembered for a day if the session ever had a socket, and otherwise as long as a
    page may take to connect."""
    registry = open_registry(CONNECT_TIMEOUT_SECONDS=1, DISCONNECT_TIMEOUT_SECONDS=1000)
    if had_socket:
        registry.connect(PAGE, "1")
        registry.forget_connection(ConnectionRecord(PAGE, "1", {}))
    brief = "7" * 32
    registry.end_session(SESSION)
    registry.end_session(brief)

    eventually(lambda: not registry.connect("c" * 32 + brief, "1").has_ended)

    assert registry.connect(PAGE, "2").has_ended is had_socket


def test_nothing_waits_for_a_session_that_has_ended(registry):
    """Changes that wait for the browser at the log-out are dropped, and so are later ones."""
    registry.deposit(PAGE, "before")
    registry.deposit(OTHER_PAGE, "elsewhere")

    registry.end_session(SESSION)
    registry.deposit(PAGE, "after")

    assert registry.collect(PAGE, "taker") == []
    assert registry.collect(OTHER_PAGE, "taker") == ["elsewhere"]


def test_what_was_taken_before_the_end_is_not_given_again(registry):
    """A browser fetched changes before the log-out and asks again after it. It gets nothing."""
    registry.deposit(PAGE, "before")
    registry.collect(PAGE, "taker")

    registry.end_session(SESSION)

    assert registry.collect(PAGE, "taker") == []


def test_message_that_ends_its_session_leaves_the_changes_of_its_page(registry):
    """A message logs out. Its own changes are fetched by its page, behind those that wait for the
    page already, and are taken by it; all others are dropped."""
    registry.deposit(PAGE, "taken")
    registry.collect(PAGE, "taker")
    registry.deposit(PAGE, "before")
    registry.deposit(SECOND_PAGE, "of another page")

    registry.end_session(SESSION, heir=f"{PAGE}:message-1")
    registry.end_session(SESSION)
    registry.deposit(PAGE, "of another message", heir=f"{PAGE}:message-2")
    registry.deposit(PAGE, "own", heir=f"{PAGE}:message-1")
    registry.deposit(PAGE, "after")

    assert registry.collect(SECOND_PAGE, "taker") == []
    assert registry.collect(PAGE, "taker") == ["taken", "before", "own"]
    assert registry.collect(PAGE, "taker") == ["taken", "before", "own"]
    assert registry.collect(PAGE, "another taker") == []


def test_clients_that_a_user_had_do_not_connect_when_the_user_has_ended(registry):
    """A ban keeps the user's earlier pages away; whether the user may log in again is up to the
    app."""
    registry.subscribe(PAGE, ["a"])
    registry.connect(OTHER_PAGE, "1", USER)
    registry.forget_connection(ConnectionRecord(OTHER_PAGE, "1", {}))

    registry.end_user(USER)

    def is_new_moment():
        registry.subscribe(SECOND_PAGE, ["a"])
        arrival = registry.connect(SECOND_PAGE, "1", USER)
        registry.forget_client(SECOND_PAGE)
        return not arrival.has_ended

    # Both may fall into one millisecond.
    eventually(is_new_moment)
    assert registry.connect(PAGE, "1", USER).has_ended
    assert registry.connect(OTHER_PAGE, "2", USER).has_ended
    assert not registry.connect(PAGE, "1", "somebody").has_ended
    assert not registry.connect(PAGE, "2").has_ended


def test_connection_of_a_user_that_has_ended_is_not_noted(registry):
    """A refused connection of a banned user leaves no entry that would be told of changes."""
    registry.subscribe(PAGE, ["a"])
    registry.end_user(USER)

    registry.connect(PAGE, "1", USER)

    assert list(subscriptions(registry, PAGE).connections) == []


def test_user_is_put_out_of_a_channel_on_every_page(registry, heard, other, heard_by_other):
    """A user is removed from a channel. Every process is told for its open sockets, and a page that
    is away is told when it reconnects."""
    registry.connect(PAGE, "1", USER)
    other.connect(SECOND_PAGE, "1", USER)
    registry.subscribe(OTHER_PAGE, ["room:7", "room:8"])

    registry.end_user(USER, "room:7")

    for recorder in (heard, heard_by_other):
        recorder.wait_for(lambda recorder=recorder: recorder.unsubscribed)
        assert recorder.unsubscribed == [(USER, "room:7")]
    arrival = other.connect(OTHER_PAGE, "1", USER)
    assert set(arrival.subscriptions) == {"room:8"}
    assert set(subscriptions(registry, OTHER_PAGE)) == {"room:8"}
    # The page is told so, and not that messages are lost.
    assert set(arrival.subscriptions.left) == {"room:7"}


def test_user_that_was_put_out_of_a_channel_may_be_subscribed_again(registry):
    """A view subscribes the user's page after the removal. The subscription holds."""
    registry.subscribe(PAGE, ["room:7"])
    registry.end_user(USER, "room:7")

    def is_new_moment():
        registry.subscribe(SECOND_PAGE, ["room:7"])
        arrival = registry.connect(SECOND_PAGE, "1", USER)
        registry.forget_client(SECOND_PAGE)
        return set(arrival.subscriptions) == {"room:7"}

    eventually(is_new_moment)
    assert set(registry.connect(PAGE, "1", USER).subscriptions) == set()


def test_user_that_is_put_out_while_a_request_is_under_way_stays_out(
    registry, other, heard_by_other
):
    """A request has asked for a channel before the removal of its user. Its subscription is removed
    before any process is told of it."""
    other.connect(PAGE, "1", USER)
    asked = clock.monotonic() - 1

    registry.end_user(USER, "room:7")
    rooms = {"room:7": None, "room:8": None}
    registry.subscribe(PAGE, rooms, Grant(USER, asked, dict.fromkeys(rooms, asked)))

    heard_by_other.wait_for(lambda: heard_by_other.changed)
    assert set(subscriptions(registry, PAGE)) == {"room:8"}


@pytest.mark.parametrize("is_known", [True, False])
def test_what_a_user_is_put_out_of_is_not_subscribed_for_an_earlier_request(registry, is_known):
    """A request from before the removal subscribes after it, for an open page or a new one. The
    subscription is not made."""
    if is_known:
        registry.connect(PAGE, "1", USER)
    asked = clock.monotonic() - 1
    registry.end_user(USER, "room:7")

    registry.subscribe(PAGE, ["room:7"], Grant(USER, asked, {"room:7": asked}))

    assert not subscriptions(registry, PAGE)


@pytest.mark.parametrize("is_known", [True, False])
def test_user_that_was_put_out_before_a_request_asked_is_let_in(registry, is_known):
    """A request asks for the channel after the removal, also one that has removed its user itself.
    The subscription is made."""
    if is_known:
        registry.connect(PAGE, "1", USER)
    came = clock.monotonic() - 1

    for number in range(20):
        room = f"room:{number}"
        registry.end_user(USER, room)
        registry.subscribe(PAGE, [room], Grant(USER, came, {room: clock.monotonic()}))
        assert room in subscriptions(registry, PAGE)


def test_of_another_user_that_was_put_out_nothing_is_taken_back(registry):
    """The removal of one user changes nothing for another."""
    asked = clock.monotonic() - 1
    registry.end_user(USER, "room:7")

    registry.subscribe(PAGE, ["room:7"], Grant("somebody", asked, {"room:7": asked}))
    registry.subscribe(OTHER_PAGE, ["room:7"])

    assert set(subscriptions(registry, PAGE)) == set(subscriptions(registry, OTHER_PAGE))


@pytest.mark.parametrize("is_in_pieces", [True, False])
def test_client_whose_request_came_before_the_end_of_its_user_does_not_connect(
    registry, is_in_pieces
):
    """A request came before its user was banned, and its page is subscribed after that. The page
    does not connect."""
    grant = Grant(USER, clock.monotonic() - 1, {})
    registry.end_user(USER)
    ended = clock.monotonic()
    # Else both may fall into one millisecond.
    eventually(lambda: clock.monotonic() > ended + 0.002)

    if is_in_pieces:
        registry.unsubscribe(PAGE, ["b"])
    registry.subscribe(PAGE, ["a"], grant)
    registry.subscribe(OTHER_PAGE, ["a"], Grant("somebody", grant.began, {}))

    assert registry.connect(PAGE, "1", USER).has_ended
    assert not registry.connect(OTHER_PAGE, "1", "somebody").has_ended


def test_client_is_forgotten_whole(registry):
    """A page that was not delivered is forgotten with its subscriptions."""
    registry.subscribe(PAGE, ["a"])

    registry.forget_client(PAGE)
    registry.forget_client(PAGE)

    assert subscriptions(registry, PAGE) is None
    assert registry.connect(PAGE, "1").subscriptions is None


def test_subscribe_from_a_position_that_was_taken_before(registry, fill):
    """A page gets what was pushed since its view began, if the subscription names that position,
    and otherwise what is pushed from now on."""
    first, *_, tail = fill(registry, "a", 3)

    registry.subscribe(PAGE, {"a": first, "b": None})

    found = subscriptions(registry, PAGE)
    assert found["a"].since == first != tail
    assert found["b"].since == registry.read({"b": None}, 1)["b"].tail
    assert sorted(registry.matching("*")) == ["a", "b"]
