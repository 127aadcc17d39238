"""Views that ask for channels whose names none can have."""

import logging
import pickle

import pytest
from flask import Blueprint, Flask

from flask_realtime import InvalidChannel, Realtime

DOORS = {
    "push": lambda realtime, name: realtime.push(1, name),
    "push to a pattern": lambda realtime, name: realtime.push(1, pattern=name),
    "push_many": lambda realtime, name: realtime.push_many([(1, "a"), (2, name)]),
    "push_to": lambda realtime, name: realtime.push_to("0" * 64, 1, name),
    "to": lambda realtime, name: realtime.to(name).append("#messages", html="hi"),
    "user": lambda realtime, name: realtime.user(1).unsubscribe(name),
    "socket.subscribe": lambda realtime, name: realtime.socket.subscribe(name),
    "socket.unsubscribe": lambda realtime, name: realtime.socket.unsubscribe(name),
    "socket.push": lambda realtime, name: realtime.socket.push(1, name),
    "socket.push_to": lambda realtime, name: realtime.socket.push_to("0" * 64, 1, name),
}


def test_view_that_asks_for_no_name_is_told_of_once(caplog):
    """An app subscribes its pages to a pattern, and nobody debugs it. The pages are not found, and
    the log has one line that says why, however often somebody asks."""
    app = Flask(__name__)
    app.secret_key = "secret"
    realtime = Realtime(app)

    @app.get("/")
    def show():
        realtime.socket.subscribe("room:*")
        return "<body>"

    assert [app.test_client().get("/").status_code for _ in range(3)] == [404] * 3
    [line] = [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING]
    assert "view 'show'" in line
    assert "'room:*' contains a '*'" in line


def test_developer_is_warned_at_each_request(caplog):
    """A developer has misspelt a constant, mends another line, and asks again. The console warns of
    it again."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY="secret", DEBUG=True, REALTIME_REGISTRY="memory")
    realtime = Realtime(app)
    app.add_url_rule("/", view_func=lambda: realtime.push(1, "room:*"), endpoint="show")

    assert [app.test_client().get("/").status_code for _ in range(2)] == [404] * 2
    told = [one for one in caplog.records if "'room:*' contains a '*'" in one.getMessage()]
    assert [one.levelname for one in told] == ["WARNING"] * 2


@pytest.mark.parametrize("door", DOORS)
def test_stranger_who_makes_up_a_name_is_answered_404(caplog, door):
    """An app names a channel by what stands in the address, as the README does for each room. Some
    stranger asks for names that no channel can have, again and again. The log has one line of it,
    and no traceback."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY="secret", REALTIME_REGISTRY="memory")
    realtime = Realtime(app)

    @app.get("/<name>")
    def name_channel(name):
        DOORS[door](realtime, name)
        return "", 204

    for name in ("a%0Ab", "a" * 201, "@user:1"):
        assert app.test_client().get(f"/{name}").status_code == 404

    asked = [one for one in caplog.records if "'name_channel'" in one.getMessage()]
    assert [one.levelname for one in asked] == ["WARNING"]
    assert not [one for one in caplog.records if one.exc_info]
    with app.app_context(), pytest.raises(InvalidChannel, match="control character"):
        realtime.push(1, "a\nb")


def test_view_that_catches_the_error_learns_of_which_name():
    """It is answered by what the error says and names, as outside of a request. A worker process of
    the view's hands on the same."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY="secret", REALTIME_REGISTRY="memory")
    realtime = Realtime(app)

    @app.get("/<name>")
    def name_channel(name):
        try:
            realtime.push(1, name)
        except InvalidChannel as error:
            copy = pickle.loads(pickle.dumps(error))
            return [[one.text, *one.args, str(one)] for one in (error, copy)]

    answer = app.test_client().get("/a%0Ab").json

    says = "A channel's name holds a control character: 'a\\nb'."
    assert answer == [["a\nb", says, says]] * 2


@pytest.mark.parametrize("channels", [(), (7,)])
def test_mistake_of_the_app_is_an_error(channels):
    """A view pushes to no channel at all, whoever asks. The visitor can't help it: that is answered
    500."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY="secret", REALTIME_REGISTRY="memory")
    realtime = Realtime(app)
    app.add_url_rule("/", view_func=lambda: realtime.push(1, *channels))

    assert app.test_client().get("/").status_code == 500


@pytest.mark.parametrize("error", [InvalidChannel, ValueError])
@pytest.mark.parametrize("is_of_blueprint", [False, True])
def test_app_that_handles_such_errors_answers_as_it_says(caplog, error, is_of_blueprint):
    """An app has an answer of its own for a name that cannot be used, and one for pages that are
    not there, of which Flask would prefer the latter for a 404."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY="secret", REALTIME_REGISTRY="memory")
    realtime = Realtime(app)
    rooms = Blueprint("rooms", __name__)
    handling = rooms if is_of_blueprint else app
    handling.errorhandler(error)(lambda error: (f"No: {error}", 400))
    app.errorhandler(404)(lambda error: ("There is no such page.", 404))
    rooms.add_url_rule("/<name>", view_func=lambda name: realtime.push(1, name))
    app.register_blueprint(rooms)

    answer = app.test_client().get("/a%0Ab")

    assert answer.status_code == 400
    assert "control character" in answer.text
    assert not caplog.records
