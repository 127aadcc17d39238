"""Views with @realtime.subscribes, which subscribes the page that they render."""

import re

import pytest
from flask import Blueprint, Flask, abort, redirect, render_template_string
from flask.views import MethodView

from flask_realtime import InvalidChannel, Realtime


@pytest.fixture
def app():
    app = Flask(__name__)
    app.secret_key = "secret"
    app.testing = True
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app


@pytest.fixture
def realtime(app):
    return Realtime(app)


@pytest.fixture
def subscribed(app):
    """Visit a path, and return the channels to which the page is subscribed; None if it is
    unknown."""

    def subscribed(path, **options):
        response = app.test_client().get(path, **options)
        registry = app.extensions["realtime"].node().registry
        digests = response.headers.get("X-Digest")
        found = registry.subscriptions([digests]).get(digests) if digests else None
        return None if found is None else {name for name in found if not name.startswith("@")}

    return subscribed


@pytest.fixture
def started_from(app):
    """Visit a path, and return, by channel, the payloads from where the page's subscription
    begins."""

    def started_from(path):
        digest = app.test_client().get(path).headers["X-Digest"]
        registry = app.extensions["realtime"].node().registry
        begins = {
            name: one.begins for name, one in registry.subscriptions([digest])[digest].items()
        }
        pages = registry.read(begins, 1_000_000)
        return {name: [one.payload for one in page.publications] for name, page in pages.items()}

    return started_from


@pytest.fixture(autouse=True)
def digest_of_page(app, realtime):
    @app.after_request
    def tell(response):
        response.headers["X-Digest"] = realtime.socket.digest
        return response


def page(**_arguments):
    return "<body>hi</body>"


def test_view_subscribes_its_page(app, realtime, subscribed):
    """The names are given by a format of the view's arguments, a function of them, or as plain
    names."""
    names = ["room:{room}", lambda room: [f"here:{room}", f"typing:{room}"], "news"]
    app.add_url_rule("/rooms/<int:room>", "show", realtime.subscribes(*names)(page))

    assert subscribed("/rooms/7") == {"room:7", "here:7", "typing:7", "news"}


def test_page_is_subscribed_before_its_view_reads(app, realtime):
    """The page receives a push that is made while its view runs."""
    seen = []

    @app.get("/")
    @realtime.subscribes("news")
    def show():
        seen.append(realtime.socket.channels)
        return page()

    app.test_client().get("/")

    assert "news" in seen[0]


@pytest.mark.parametrize("refuse", [lambda: abort(403), lambda: redirect("/"), lambda: 1 / 0])
def test_page_that_is_refused_is_subscribed_to_nothing(app, realtime, subscribed, refuse):
    """A view refuses in its body, and its page is subscribed to nothing."""

    @app.get("/<room>")
    @realtime.subscribes("room:{room}")
    def show(room):
        return refuse()

    assert not subscribed("/7")


@pytest.mark.parametrize("room", ["*", "x" * 250, "a%07b", "a%00"])
def test_name_that_no_channel_has_is_not_found(app, realtime, room):
    """A visitor's path gives an invalid name, which is answered 404 and not 500."""
    app.add_url_rule("/rooms/<room>", "show", realtime.subscribes("room:{room}")(page))

    assert app.test_client().get(f"/rooms/{room}").status_code == 404


def test_name_that_no_channel_has_is_logged_in_debug_mode(app, realtime, caplog):
    """In debug mode the log tells the developer why the page was not found."""
    app.debug = True
    app.add_url_rule("/rooms/<room>", "show", realtime.subscribes("room:{room}")(page))

    assert app.test_client().get("/rooms/*").status_code == 404
    assert re.search(r"view 'show' was answered 404.*'room:\*' contains a '\*'", caplog.text)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("room:*", "Name each channel"),
        ("@user:{id}", r"realtime\.to_user"),
        ("room:{}", "field without a name"),
        ("room:{room", "not a valid format"),
        ("", "empty"),
    ],
)
def test_name_that_no_channel_ever_has_is_refused_at_once(realtime, name, told):
    """A format that gives no valid name for any argument is an error at decoration."""
    with pytest.raises(InvalidChannel, match=told):
        realtime.subscribes(name)


def test_function_that_names_no_channel(app, realtime, subscribed, caplog):
    """A function returns None, or None among other names, for no channel. Any other value is an
    error that says so."""
    app.add_url_rule("/none", "none", realtime.subscribes("news", lambda: None)(page))
    app.add_url_rule("/some", "some", realtime.subscribes(lambda: ["a", None])(page))
    app.add_url_rule("/wrong", "wrong", realtime.subscribes(lambda: 7)(page))

    assert subscribed("/none") == {"news"}
    assert subscribed("/some") == {"a"}
    assert app.test_client().get("/wrong").status_code == 500
    assert "function of @realtime.subscribes returned 7, but must return the name" in caplog.text


def test_name_of_our_own_channels_is_not_found(app, realtime):
    """A path cannot subscribe to another user's channel."""
    app.add_url_rule("/<name>", "show", realtime.subscribes("{name}")(page))

    assert app.test_client().get("/@user:7").status_code == 404


def test_request_for_blocks_subscribes_nobody(app, realtime, subscribed):
    """A request for blocks subscribes nobody: its page is subscribed already."""
    app.add_url_rule("/", "show", realtime.subscribes("news")(page))

    assert not subscribed("/", headers={"X-Realtime-Block": "rows"})


@pytest.mark.parametrize("purpose", ["prefetch", "prefetch;prerender"])
def test_page_that_the_browser_fetches_ahead_is_subscribed(app, realtime, subscribed, purpose):
    """A page that the browser fetches ahead is subscribed, since it is what a later visit shows."""
    app.add_url_rule("/", "show", realtime.subscribes("news")(page))

    assert subscribed("/", headers={"Sec-Purpose": purpose}) == {"news"}


def test_async_view_subscribes_too(app, realtime, subscribed):
    """An async view is awaited as usual."""

    @app.get("/")
    @realtime.subscribes("news")
    async def show():
        return page()

    assert subscribed("/") == {"news"}


def test_view_of_a_class_and_of_a_blueprint(app, realtime, subscribed):
    """The decorator works wherever Flask takes decorators."""

    class Show(MethodView):
        decorators = (realtime.subscribes("room:{room}"),)

        def get(self, room):
            return page()

    blueprint = Blueprint("rooms", __name__)
    blueprint.add_url_rule("/rooms/<room>", view_func=Show.as_view("show"))
    app.register_blueprint(blueprint, url_prefix="/app")

    assert subscribed("/app/rooms/7") == {"room:7"}


def test_return_value_is_left_to_the_decorators_above(app, realtime, subscribed):
    """The decorator passes on a dict for Flask's documented @templated decorator above it."""

    def templated(view):
        return lambda **arguments: render_template_string(
            "<body>{{ name }}</body>", **view(**arguments)
        )

    @realtime.subscribes("news")
    def show():
        return {"name": "Ada"}

    app.add_url_rule("/", "show", templated(show))

    assert subscribed("/") == {"news"}
    assert "Ada" in app.test_client().get("/").text


def test_format_of_an_argument_that_the_view_lacks_is_an_error(app, realtime, caplog):
    """A format names an argument that the view lacks. The error names the format."""
    app.add_url_rule("/<room>", "show", realtime.subscribes("room:{rom}")(page))

    assert app.test_client().get("/7").status_code == 500
    assert re.search(r"'room:\{rom\}'.*'rom'.*arguments are: room", caplog.text)


def test_what_is_no_name_is_refused_at_once(realtime):
    """A list in place of a name is an error at decoration, as are missing parentheses."""
    with pytest.raises(TypeError, match="takes formats"):
        realtime.subscribes(["room:1"])


def test_view_s_page_begins_so_many_messages_back(app, realtime, started_from):
    """With last=n the page begins n messages back, as far as the log reaches."""
    app.config["TESTING"] = True
    with app.app_context():
        realtime.push_many([(number, "room:7") for number in range(5)])
    app.add_url_rule("/rooms/<room>", "show", realtime.subscribes("room:{room}", last=2)(page))

    assert started_from("/rooms/7") == {"room:7": ["3", "4"]}
    assert started_from("/rooms/8") == {"room:8": []}


@pytest.mark.parametrize(
    ("last", "error"), [(-1, ValueError), (True, TypeError), ("20", TypeError)]
)
def test_last_that_is_no_number_of_messages_is_refused_at_once(realtime, last, error):
    """An invalid last= is an error at decoration, not at the first request."""
    with pytest.raises(error, match="number of messages"):
        realtime.subscribes("news", last=last)


def test_last_beyond_what_a_log_keeps_is_an_error_that_names_the_setting(app, realtime, caplog):
    """last= exceeds what a log keeps. The error names the setting."""
    app.add_url_rule("/", "show", realtime.subscribes("news", last=1001)(page))

    assert app.test_client().get("/").status_code == 500
    assert "last is 1001, and a channel's log keeps 1000 messages" in caplog.text
    assert "REALTIME_HISTORY_SIZE" in caplog.text


def test_decorator_without_parentheses_is_an_error_when_flask_gets_the_view(app, realtime):
    """@realtime.subscribes without parentheses is an error when the app registers the view."""
    with pytest.raises(TypeError, match=r"write @realtime\.subscribes\(\"channel\"\)"):

        @app.get("/")
        @realtime.subscribes
        def show():
            return "hi"


def test_decorator_without_parentheses_is_an_error_with_a_named_endpoint(app, realtime):
    """The endpoint is named, so Flask does not read the view's name. The error comes at the first
    request."""
    app.add_url_rule("/", "show", realtime.subscribes(lambda: "hi"))
    app.config["PROPAGATE_EXCEPTIONS"] = True

    with pytest.raises(TypeError, match="used without parentheses"):
        app.test_client().get("/")


def test_function_that_lacks_the_view_s_arguments_is_an_error_that_names_them(
    app, realtime, caplog
):
    """The error says what the function is called with, and what it takes."""
    app.add_url_rule("/<room>", "show", realtime.subscribes(lambda: "news")(page))

    assert app.test_client().get("/7").status_code == 500
    assert "the arguments of the view, room, and its parameters are ()" in caplog.text
