"""Users who are kept within a value of the session, where Flask notices no change of it."""

from datetime import datetime, timezone
from uuid import UUID

import pytest
from flask import session

from flask_realtime.identity.keys import session_digest
from flask_realtime.page.client import current_client
from flask_realtime.page.former_session import session_as_it_came
from flask_realtime.page.user_loader import EXTENSION
from flask_realtime.registries.records import Disconnect
from flask_realtime.session.pending_changes import rewritten_keys

from .views import KEY, has_ended

ENDED = [Disconnect(session=session_digest("secret", KEY), code=4001, is_left=True)]


class Keeping:
    """A store in the process that keeps the very objects."""

    dumps = loads = staticmethod(dict)


class NoCopy:
    """What such a store can keep, and nobody can copy or compare."""

    def __reduce__(self):
        raise TypeError("no copy")

    def __eq__(self, _other):
        raise ValueError("ambiguous")

    __hash__ = None


class Array:
    """What a store writes down and reads again, and nobody can compare: as NumPy's arrays are."""

    def __eq__(self, _other):
        raise ValueError("ambiguous")

    __hash__ = None


class Plain:
    """An object of an app's own that is equal to nothing but itself."""


class HalfPickled(Exception):
    """What can be written down, and not be read again, as many errors are."""

    def __init__(self, _code, _text):
        super().__init__("no")


def log_in():
    session["account"]["user"] = 42
    return "in"


def log_out():
    session["account"].clear()
    return "out"


def log_out_and_say_so():
    session["account"].clear()
    session.modified = True
    return "out"


@pytest.fixture
def nested(settled):
    settled.extensions[EXTENSION].set(lambda: session["account"].get("user"))
    return settled


@pytest.mark.parametrize(
    ("view", "account"),
    [(log_in, {}), (log_in, {"user": 41}), (log_out, {"user": 42})],
    ids=["in", "another", "out"],
)
def test_user_within_a_value_changes_and_the_session_gets_another_key(
    nested, process, visit, view, account
):
    """The session is permanent, so that it is saved whatever the app notes of its changes: what the
    earlier user's pages hear ends as it does by HTTP."""
    visit(view, socket_key=KEY, account=account, _permanent=True)

    assert visit.session["socket_key"] != KEY
    assert visit.session["account"] == ({"user": 42} if view is log_in else {})
    assert has_ended(process)
    assert process.disconnected == ENDED


def test_log_out_within_a_value_that_the_app_tells_of_ends_the_session(nested, process, visit):
    """The app sets ``session.modified``, as Flask's documentation has it."""
    visit(log_out_and_say_so, socket_key=KEY, account={"user": 42})

    assert visit.session["socket_key"] != KEY
    assert process.disconnected == ENDED


@pytest.mark.parametrize("settled", ["cookie"], indirect=True)
def test_log_out_that_flask_does_not_save_ends_nothing(nested, process, visit):
    """The app changes a value of a session that is not permanent, and does not tell Flask of it: by
    HTTP the user is still logged in, and so are the pages."""
    visit(log_out, socket_key=KEY, account={"user": 42})

    assert visit.session == {"socket_key": KEY, "account": {"user": 42}}
    assert process.disconnected == []


def test_other_changes_within_values_end_nothing(nested, process, visit):
    """Something is laid into the cart of a session. Its key stays."""
    stored = {"account": {"user": 42}, "cart": [], "_permanent": True}
    visit(lambda: session["cart"].append(1) or "", socket_key=KEY, **stored)

    assert visit.session["socket_key"] == KEY
    assert visit.session["cart"] == [1]
    assert process.disconnected == []


def test_session_as_it_came_holds_what_its_values_held(nested, visit):
    """The function that tells users is asked for the session before and after the request."""

    def view():
        session["account"]["user"] = 42
        return dict(session_as_it_came())

    stored = {"socket_key": KEY, "account": {"user": 41}, "_permanent": True}

    assert visit(view, **stored).json == stored


@pytest.mark.parametrize("settled", ["server"], indirect=True)
@pytest.mark.parametrize("account", [{"user": 42}, {}], ids=["the same", "out"])
def test_what_has_no_copy_is_no_hindrance(nested, process, visit, account):
    """The app's store holds an object that can't be copied, nor compared. Requests are answered,
    and a log-out that the session notes ends it as ever."""
    nested.session_interface.cache.serializer = Keeping

    def view():
        if not account:
            session["account"] = account
        return "fine"

    answer = visit(view, socket_key=KEY, account={"user": 42}, extra=NoCopy())

    assert answer.text == "fine"
    assert process.disconnected == ([] if account else ENDED)


@pytest.mark.parametrize("settled", ["server"], indirect=True)
@pytest.mark.parametrize("value", [Array(), Plain(), [Array()]], ids=["array", "plain", "list"])
def test_value_that_is_left_alone_counts_as_the_same(nested, visit, value):
    """Beside it the app notes each visit. What a call has changed is handed over by such requests,
    which ask what they have written, and failed."""

    def view():
        session["seen"] = True
        return sorted(rewritten_keys())

    answer = visit(view, socket_key=KEY, account={"user": 42}, extra=value)

    assert answer.json == ["seen"]


@pytest.mark.parametrize("settled", ["server"], indirect=True)
def test_array_that_is_replaced_counts_as_another(nested, visit):
    """It is not asked whether it is the same."""

    def view():
        session["extra"] = Array()
        return sorted(rewritten_keys())

    assert visit(view, socket_key=KEY, account={"user": 42}, extra=Array()).json == ["extra"]


@pytest.mark.parametrize("settled", ["server"], indirect=True)
def test_value_that_cannot_be_read_again_is_no_hindrance(nested, process, visit):
    """The app's store keeps the very objects. A log-out is answered, and ends what the user heard,
    though an error beside the user gets another argument."""
    nested.session_interface.cache.serializer = Keeping

    def view():
        session["error"].args = ("yes",)
        session["account"].clear()
        return "out"

    answer = visit(view, socket_key=KEY, account={"user": 42}, error=HalfPickled(1, "no"))

    assert answer.text == "out"
    assert process.disconnected == ENDED


@pytest.mark.parametrize("settled", ["server"], indirect=True)
def test_log_out_within_a_value_is_seen_beside_one_that_has_no_copy(nested, process, visit):
    """Each value is noted by itself."""
    nested.session_interface.cache.serializer = Keeping

    visit(log_out, socket_key=KEY, account={"user": 42}, extra=NoCopy())

    assert process.disconnected == ENDED


@pytest.mark.parametrize("settled", ["cookie"], indirect=True)
@pytest.mark.parametrize(
    ("tells_users", "user", "times"),
    [(True, {"id": 42}, 2), (False, {"id": 42}, 1), (True, UUID(int=42), 1)],
    ids=["dict", "no users", "nothing within"],
)
def test_session_in_a_cookie_is_opened_again_once_where_the_app_tells_users(
    settled, visit, monkeypatch, tells_users, user, times
):
    """It is permanent, and a value of it may change within. To open it was a sixth of a page's work
    each time."""
    if tells_users:
        settled.extensions[EXTENSION].set(lambda: str(session["user"]))
    interface, opened = settled.session_interface, []
    open_session = interface.open_session

    def note(app, request):
        opened.append(request.path)
        return open_session(app, request)

    monkeypatch.setattr(interface, "open_session", note)

    def view():
        current_client().digests()
        return "<body></body>"

    visit(view, socket_key=KEY, user=user, since=datetime.now(timezone.utc), _permanent=True)

    assert opened.count("/") == times
