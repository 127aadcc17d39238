"""Requests for blocks: parts of a page, fetched anew from the page's own view."""

import pytest
from flask import Response, request

from flask_realtime.html.block_requests import MOST_TOLD
from flask_realtime.hub.herd import RENDERED_AT_ONCE

from .asking import ask


def test_blocks_come_in_place_of_the_page(client):
    """Several in one request, each with a hash; no cache keeps them."""
    response = ask(client, "rows n")

    assert response.status_code == 200
    assert {name: one["html"] for name, one in response.json.items()} == {"rows": "<li>a", "n": "1"}
    assert response.headers["X-Realtime-Block"] == "n rows"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.mimetype == "application/json"


def test_block_that_is_the_same_comes_without_its_html(client, rows):
    """The client says by its hash what it has."""
    first = ask(client, "rows n").json
    hashes = " ".join(f"{name}={one['hash']}" for name, one in first.items())
    rows[0] = "b"

    again = ask(client, "rows n", X_Realtime_Block_Hash=hashes).json

    assert again["rows"]["html"] == "<li>b"
    assert again["n"] == {"hash": first["n"]["hash"]}


def test_view_is_told_which_blocks_are_wanted(app, client):
    """It may leave the queries of all others out; a whole page wants none."""
    ask(client, "rows")
    client.get("/")

    assert app.asked == [{"rows"}, frozenset()]


@pytest.mark.parametrize("method", ["post", "head"])
def test_only_a_get_asks_for_blocks(client, method):
    """A form that names blocks does what it does, and answers as ever."""
    response = ask(client, "rows", method=method)

    assert "X-Realtime-Block" not in response.headers
    assert response.mimetype == "text/html"


@pytest.mark.parametrize(("path", "status"), [("/no", 403), ("/old", 302), ("/missing", 404)])
def test_refusal_stays_what_it_is(client, path, status):
    """A log-in that ended is seen by the page."""
    response = ask(client, "rows", path)

    assert response.status_code in (status, 303 if status == 302 else status)
    assert "X-Realtime-Block" not in response.headers


def test_view_that_renders_no_page_answers_as_ever(client):
    """The missing header tells the client that nothing is to be inserted."""
    response = ask(client, "rows", "/json")

    assert response.json == {"a": 1}
    assert "X-Realtime-Block" not in response.headers


def test_page_that_is_streamed_is_rendered_for_its_blocks(client):
    """Its template runs while the response is read."""
    assert ask(client, "n", "/streamed").json["n"]["html"] == "1"


def test_block_that_the_page_leaves_out_is_empty(client):
    """What the viewer may see no longer goes from the page; what there is nowhere looks the same,
    so that nobody learns which blocks a template has."""
    answer = ask(client, "admin n nothing").json

    assert {name: one["html"] for name, one in answer.items()} == {
        "n": "1",
        "admin": "",
        "nothing": "",
    }
    assert answer["admin"] == answer["nothing"]


SLIP = "<p data-realtime-block={}>{}</p>"


def test_block_of_no_template_stays_as_it_is_and_is_told(app, client, caplog):
    """The page has an element for a block that nobody wrote: a slip, of which the log has one line;
    the content that the visitor saw is not taken away."""
    app.jinja_loader.mapping["page.html"] += SLIP.format('"line"', "1")
    for _ in range(2):
        answer = ask(client, "line n").json
        assert list(answer) == ["n"]

    (told,) = [one.getMessage() for one in caplog.records if "'line'" in one.getMessage()]
    assert "is not in the template" in told and "admin, n, row, rows" in told


def test_block_that_a_condition_leaves_out_is_emptied_though_its_element_is_there(
    app, client, caplog
):
    """Who is no admin any more sees its content no longer, and that is no slip."""
    page = app.jinja_loader.mapping["page.html"]
    block = "{% if is_admin %}{% block admin %}secret{% endblock %}{% endif %}"
    app.jinja_loader.mapping["page.html"] = page.replace(block, SLIP.format("'admin'", block))

    assert ask(client, "admin").json["admin"]["html"] == ""
    assert not caplog.records


@pytest.mark.parametrize(
    "said", ["data-realtime-block=nothing", 'data-realtime-block="nothing"', "<p>nothing"]
)
def test_stranger_who_has_the_page_say_a_name_learns_nothing_by_it(app, client, caplog, said):
    """What is entered, and shown, is no element of the app's: any name is answered alike."""
    app.jinja_loader.mapping["page.html"] += "<input title={{ q }}><p title='{{ q }}'>{{ q }}"
    app.jinja_env.globals["q"] = said + " " + said.replace("nothing", "admin")

    answer = ask(client, "admin nothing").json

    assert answer["admin"]["html"] == "" and answer["admin"] == answer["nothing"]
    assert not caplog.records


def test_log_tells_a_bounded_number_of_blocks(app, client, rows, caplog):
    """A slip whose names have a number in them has as many names as the app has rows."""
    app.jinja_loader.mapping["page.html"] += (
        "{% for n in range(150) %}<p data-realtime-block='line_{{ n }}'>{% endfor %}"
    )
    for start in range(0, 150, 50):
        ask(client, " ".join(f"line_{n}" for n in range(start, start + 50)))

    assert len(caplog.records) == MOST_TOLD


@pytest.mark.parametrize("debug", [False, True])
def test_block_that_its_page_changes_is_told(app, client, caplog, debug):
    """A filter around the block: what the block makes stands nowhere in the page."""
    app.debug = debug
    app.jinja_loader.mapping["page.html"] = (
        "<body>{% filter upper %}{% block n %}one{% endblock %}{% endfilter %}"
    )

    answer = ask(client, "n").json

    assert ("error" in answer.get("n", {})) is debug
    assert "html" not in answer.get("n", {})
    assert "does not hold what was rendered" in caplog.text


@pytest.mark.parametrize("debug", [False, True])
def test_block_in_a_loop_is_refused_in_words(app, client, rows, caplog, debug):
    """Each pass has another content, and the page could not tell which is which; the place that
    shows the same twice is none of this kind."""
    app.debug = debug
    rows.append("b")

    answer = ask(client, "row n").json

    assert answer["n"]["html"] == "2"
    assert "html" not in answer.get("row", {})
    assert ("error" in answer.get("row", {})) is debug
    assert "Block 'row' of '/' is rendered several times" in caplog.text


def test_log_has_one_line_of_a_block_in_a_loop_whatever_path_is_asked_for(
    app, client, rows, caplog
):
    """A stranger may ask for any path of the view, and as often as he likes."""
    app.add_url_rule("/in/<name>", "within", lambda name: app.view_functions["index"]())
    rows.append("b")
    for _ in range(3):
        ask(client, "row", "/in/a%0aCRITICAL:root:forged")

    told = [one.getMessage() for one in caplog.records if "several times" in one.getMessage()]
    assert len(told) == 1 and "\n" not in told[0]


def test_block_that_is_missing_is_told_in_debug(app, client, caplog):
    """With those that there are."""
    app.debug = True

    told = ask(client, "line").json["line"]["error"]

    assert "'line' of '/' is not in the template" in told and "admin, n, row, rows" in told
    assert told in caplog.text


def test_names_that_cannot_be_blocks_are_ignored(client):
    """A page comes as ever where none is left."""
    response = ask(client, "../x a-b " + "y" * 200)

    assert response.mimetype == "text/html"


def test_what_a_cache_would_keep_it_by_goes(app, client):
    """An after_request function that compresses, or that lets a CDN keep pages, changes nothing."""

    @app.after_request
    def keep(response):
        response.headers["CDN-Cache-Control"] = "max-age=600"
        response.headers["Content-Encoding"] = "br"
        response.set_etag("x")
        return response

    headers = ask(client, "rows").headers

    assert not {"CDN-Cache-Control", "Content-Encoding", "ETag"} & set(headers.keys())


def test_few_are_rendered_at_a_time(app, client):
    """Whoever comes when all turns are taken is told to come back, and the app does nothing."""
    herd = app.extensions["realtime"].node().herd
    turns = [herd.begin("index") for _ in range(RENDERED_AT_ONCE)]
    # An app that makes a page of every error leaves this answer as it is.
    app.register_error_handler(Exception, lambda error: ("failed", 500))

    refused = ask(client, "rows")

    assert all(turns)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
    assert app.asked == []
    for turn in turns:
        herd.end(turn, 0.01)
    assert ask(client, "rows").status_code == 200


def test_page_without_the_block_is_no_measure_of_it(app, client):
    """Else whoever asks slow pages for what they do not have makes all live blocks late."""
    herd = app.extensions["realtime"].node().herd
    ask(client, "nothing")
    assert not herd._measured

    ask(client, "rows")
    assert len(herd._measured) == 1


def test_turn_is_given_back_by_a_view_that_fails(app, client):
    """Else the third request after two errors would wait for ever."""

    @app.get("/broken")
    def broken():
        raise ZeroDivisionError

    app.config["PROPAGATE_EXCEPTIONS"] = False
    for _ in range(RENDERED_AT_ONCE + 1):
        assert ask(client, "rows", "/broken").status_code == 500


@pytest.mark.parametrize("where", ["after_request", "teardown_request"])
def test_turn_is_given_back_if_a_function_of_the_app_fails(app, client, where):
    """A database that is away has it fail for each request; Flask calls none behind it."""
    is_away = [True]

    def close_database(passed):
        if is_away:
            raise ZeroDivisionError
        return passed

    getattr(app, where)(close_database)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    for _ in range(RENDERED_AT_ONCE + 1):
        assert _asked(client) in (500, ZeroDivisionError)
    is_away.clear()

    assert _asked(client) == 200


def test_page_of_an_app_that_wants_no_blocks_costs_nothing(app, client):
    """No header, and no template that is watched."""
    response = client.get("/")

    assert "X-Realtime-Block" not in response.headers
    with app.app_context():
        assert "new_context" not in vars(app.jinja_env.get_template("page.html"))


def test_before_request_functions_have_their_say(app, client):
    """A block is a page's, and guarded as the page is."""

    @app.before_request
    def guard():
        return Response("log in", 401) if request.args.get("out") else None

    assert ask(client, "rows", "/?out=1").status_code == 401


def _asked(client):
    """The status of the answer, or what its teardown raised, which a server would answer 500."""
    try:
        return ask(client, "rows").status_code
    except Exception as error:
        # Flask 3.2 groups the errors of a teardown, once for the request and once for the context.
        while hasattr(error, "exceptions"):
            [error] = error.exceptions
        return type(error)
