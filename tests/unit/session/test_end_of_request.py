"""The end of a request: which user the session belongs to now, and what happens to earlier
subscriptions."""

import flask_login
import pytest
from flask import g, session

from flask_realtime.errors import RegistryUnavailable
from flask_realtime.identity.keys import digest, session_digest
from flask_realtime.page.user_loader import EXTENSION
from flask_realtime.registries.records import Disconnect

from .views import KEY, has_ended, log_in, log_out

ENDED = [Disconnect(session=session_digest("secret", KEY), code=4001, is_left=True)]


@pytest.mark.parametrize(
    ("view", "stored"),
    [(log_in, {}), (log_out, {"user": 42}), (log_in, {"user": 41})],
    ids=["in", "out", "another"],
)
def test_session_that_is_anothers_gets_another_key(identified, process, visit, view, stored):
    """A log-in, a log-out or a change of user gives the session another socket key, so that earlier
    subscriptions belong to nobody."""
    visit(view, socket_key=KEY, **stored)

    assert visit.session["socket_key"] != KEY
    assert has_ended(process)


def test_sockets_are_closed_once_the_response_is_sent(identified, process, visit):
    """Sockets of the former session close after the response is sent; before that they would
    reconnect with the former cookie."""
    visit(log_in, socket_key=KEY)

    assert visit.before_sent == []
    assert process.disconnected == ENDED


def test_session_that_is_the_same_users_keeps_its_key(identified, process, visit):
    """A request changes the session, but not its user. The key stays."""
    visit(lambda: session.update(cart=[1], user="42") or "", socket_key=KEY, user=42)

    assert visit.session["socket_key"] == KEY
    assert process.disconnected == []
    assert not has_ended(process)


def test_session_that_was_cleared_has_ended_whoever_it_belonged_to(settled, process, visit):
    """An app without realtime.identify clears the session at a log-out. The session has ended."""
    visit(lambda: session.clear() or "bye", socket_key=KEY, user=42)

    assert "socket_key" not in visit.session
    assert has_ended(process)
    assert process.disconnected == ENDED


def test_session_that_was_cleared_and_begun_anew_has_ended(settled, process, visit):
    """A log-out clears the session, and its good-bye page starts a new one with another key."""
    visit(lambda: session.clear() or "<body>bye</body>", socket_key=KEY)

    assert visit.session["socket_key"] not in (None, KEY)
    assert has_ended(process)


def clear_and_log_in():
    session.clear()
    return log_in()


@pytest.mark.parametrize(
    ("view", "stored"),
    [(log_in, {}), (clear_and_log_in, {"socket_key": KEY, "user": 41})],
    ids=["first", "anew"],
)
def test_session_gets_its_key_at_the_log_in(identified, process, visit, view, stored):
    """A user logs in, and no page with a socket was shown yet. The session gets a key all the same,
    so that the log-out ends what a page is granted that is still being rendered then."""
    visit(view, **stored)

    assert visit.session.get("socket_key") not in (None, KEY)
    assert has_ended(process) is bool(stored)


def test_session_of_a_user_without_a_key_gets_one_when_it_changes(settled, visit):
    """A user had logged in before the app told users."""

    def fill_the_cart():
        settled.extensions[EXTENSION].set(lambda: session.get("user"))
        session["cart"] = [1]
        return ""

    visit(fill_the_cart, user=42)

    assert visit.session["socket_key"]


@pytest.mark.parametrize("change", [{}, {"cart": [1]}], ids=["looks", "fills a cart"])
def test_session_of_a_stranger_gets_no_key(identified, visit, change):
    """A stranger who sees no page with a socket pays for no key."""
    visit(lambda: session.update(change) or "", theme="dark")

    assert "socket_key" not in visit.session


def test_session_of_an_app_that_does_not_tell_users_gets_no_key(settled, visit):
    """A log-in is a change like any other for an app without realtime.identify."""
    visit(log_in)

    assert "socket_key" not in visit.session


def test_app_that_never_says_keeps_its_key_at_a_log_in(settled, process, visit):
    """An app without realtime.identify does not say what a log-in is. The key stays."""
    visit(log_in, socket_key=KEY)

    assert visit.session["socket_key"] == KEY
    assert not has_ended(process)


def test_log_out_does_not_fail_without_a_registry(identified, process, visit):
    """The registry is unavailable during a log-out, which succeeds. The end is recorded once the
    registry is back."""
    end_session, is_away = process.registry.end_session, [True]

    def be_away(session, heir=""):
        if is_away:
            is_away.pop()
            raise RegistryUnavailable("away")
        end_session(session, heir)

    process.registry.end_session = be_away

    response = visit(log_out, socket_key=KEY, user=42)

    assert response.status_code == 200
    assert visit.session["socket_key"] != KEY


def test_session_has_ended_under_every_secret_key(identified, process, visit):
    """While secret keys are exchanged, the end is recorded under each key, so that a process with
    only the earlier key finds it."""
    identified.config["SECRET_KEY_FALLBACKS"] = ["earlier"]

    visit(log_out, socket_key=KEY, user=42)

    page = digest("earlier", KEY, "an-id-of-a-page")
    assert process.registry.connect(page, "1").has_ended
    assert {order.session for order in process.disconnected} == {
        session_digest("secret", KEY),
        session_digest("earlier", KEY),
    }


def test_user_that_is_read_through_g_is_asked_of_the_session_as_it_came(settled, process, visit):
    """Flask-Login keeps current_user in g, so the function of realtime.identify is called without
    it for the session as it came in."""

    def who():
        if "user" not in g:
            g.user = session.get("user")
        return g.user

    settled.extensions[EXTENSION].set(who)

    def view():
        session["user"] = 42
        g.user = 42
        return ""

    visit(view, socket_key=KEY)

    assert visit.session["socket_key"] != KEY
    assert process.disconnected == ENDED


@pytest.mark.parametrize("remember", [False, True])
def test_log_in_by_flask_login_gets_another_key(settled, process, remember):
    """A log-in by Flask-Login's form, or by its "remember me" cookie, gives the session another
    key."""
    settled.extensions[EXTENSION].set(flask_login)
    manager = flask_login.LoginManager(settled)
    user = flask_login.UserMixin()
    user.id = "42"
    manager.user_loader(lambda user_id: user)

    @settled.post("/login")
    def log_in():
        flask_login.login_user(user, remember=remember)
        return ""

    @settled.get("/me")
    @flask_login.login_required
    def me():
        return dict(session)

    client = settled.test_client()
    with client.session_transaction() as stored:
        stored["socket_key"] = KEY
    client.post("/login").close()
    first = client.get("/me").json["socket_key"]
    assert first != KEY
    assert process.disconnected == ENDED
    if remember:
        with client.session_transaction() as stored:
            stored.clear()
            stored["socket_key"] = "planted"
        client.get("/me").close()
        assert client.get("/me").json["socket_key"] not in ("planted", first)
        assert process.disconnected[-1] == Disconnect(
            session=session_digest("secret", "planted"), code=4001, is_left=True
        )
