"""Requests for blocks: parts of a page, rendered again by the page's own view."""

import pytest
from flask import Response, request

from flask_realtime.html.block_requests import MOST_TOLD
from flask_realtime.hub.herd import RENDERED_AT_ONCE

from .asking import ask


def test_blocks_come_in_place_of_the_page(client):
    """Two blocks are sent in place of the page, each with a hash; no cache may keep them."""
    response = ask(client, "rows n")

    assert response.status_code == 200
    assert {name: one["html"] for name, one in response.json.items()} == {"rows": "<li>a", "n": "1"}
    assert response.headers["X-Realtime-Block"] == "n rows"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.mimetype == "application/json"


def test_block_that_is_the_same_comes_without_its_html(client, rows):
    """The client names the hash that it has. An unchanged block is sent without its HTML."""
    first = ask(client, "rows n").json
    hashes = " ".join(f"{name}={one['hash']}" for name, one in first.items())
    rows[0] = "b"

    again = ask(client, "rows n", X_Realtime_Block_Hash=hashes).json

    assert again["rows"]["html"] == "<li>b"
    assert again["n"] == {"hash": first["n"]["hash"]}


def test_view_is_told_which_blocks_are_wanted(app, client):
    """realtime.blocks names the wanted blocks, so a view may skip other queries."""
    ask(client, "rows")
    client.get("/")

    assert app.asked == [{"rows"}, frozenset()]


@pytest.mark.parametrize("method", ["post", "head"])
def test_only_a_get_asks_for_blocks(client, method):
    """A POST that names blocks is answered like any other POST."""
    response = ask(client, "rows", method=method)

    assert "X-Realtime-Block" not in response.headers
    assert response.mimetype == "text/html"


@pytest.mark.parametrize(("path", "status"), [("/no", 403), ("/old", 302), ("/missing", 404)])
def test_refusal_stays_what_it_is(client, path, status):
    """A view refuses a visitor whose log-in has ended; the page gets that status."""
    response = ask(client, "rows", path)

    assert response.status_code in (status, 303 if status == 302 else status)
    assert "X-Realtime-Block" not in response.headers


def test_view_that_renders_no_page_answers_as_ever(client):
    """A view without a page answers without our header, so the client inserts nothing."""
    response = ask(client, "rows", "/json")

    assert response.json == {"a": 1}
    assert "X-Realtime-Block" not in response.headers


def test_page_that_is_streamed_is_rendered_for_its_blocks(client):
    """A template that is rendered while its response is read gives its blocks, too."""
    assert ask(client, "n", "/streamed").json["n"]["html"] == "1"


def test_block_that_the_page_leaves_out_is_empty(client):
    """A block that the viewer may not see any more is empty, which removes it from the page. A name
    that no template has is answered alike, so nobody learns which blocks exist."""
    answer = ask(client, "admin n nothing").json

    assert {name: one["html"] for name, one in answer.items()} == {
        "n": "1",
        "admin": "",
        "nothing": "",
    }
    assert answer["admin"] == answer["nothing"]


SLIP = "<p data-realtime-block={}>{}</p>"


def test_block_of_no_template_stays_as_it_is_and_is_logged(app, client, caplog):
    """The page has an element for a block that no template defines. One log line says so, and the
    visitor's page keeps its content."""
    app.jinja_loader.mapping["page.html"] += SLIP.format('"line"', "1")
    for _ in range(2):
        answer = ask(client, "line n").json
        assert list(answer) == ["n"]

    (told,) = [one.getMessage() for one in caplog.records if "'line'" in one.getMessage()]
    assert "is not in the template" in told and "admin, n, row, rows" in told


def test_block_of_no_template_is_logged_where_its_attribute_has_no_quotes(app, client, caplog):
    """The page has an element without quotes for a block that no template defines. It is emptied,
    as any name that a visitor has entered; one log line says so, and to write quotes."""
    app.jinja_loader.mapping["page.html"] += SLIP.format("line", "1")
    for _ in range(2):
        assert ask(client, "line nothing n").json["line"]["html"] == ""

    (told,) = [one.getMessage() for one in caplog.records]
    assert "Block 'line' of '/' is not in the template" in told
    assert told.endswith('whose attribute has quotes, data-realtime-block="line".')


def test_block_that_a_condition_leaves_out_is_emptied_though_its_element_is_there(
    app, client, caplog
):
    """Somebody who is no admin any more has an admin's block, which is emptied and not logged."""
    page = app.jinja_loader.mapping["page.html"]
    block = "{% if is_admin %}{% block admin %}secret{% endblock %}{% endif %}"
    app.jinja_loader.mapping["page.html"] = page.replace(block, SLIP.format("'admin'", block))

    assert ask(client, "admin").json["admin"]["html"] == ""
    assert not caplog.records


@pytest.mark.parametrize(
    "said", ["data-realtime-block=nothing", 'data-realtime-block="nothing"', "<p>nothing"]
)
def test_stranger_who_has_the_page_say_a_name_learns_nothing_by_it(app, client, caplog, said):
    """A visitor's text looks like an element for a block. Any name is answered alike."""
    app.jinja_loader.mapping["page.html"] += "<input title={{ q }}><p title='{{ q }}'>{{ q }}"
    app.jinja_env.globals["q"] = said + " " + said.replace("nothing", "admin")

    answer = ask(client, "admin nothing").json

    assert answer["admin"]["html"] == "" and answer["admin"] == answer["nothing"]
    assert not caplog.records


def test_log_tells_a_bounded_number_of_blocks(app, client, rows, caplog):
    """A mistake in names with a row's number fills no log: few names are logged."""
    app.jinja_loader.mapping["page.html"] += (
        "{% for n in range(150) %}<p data-realtime-block='line_{{ n }}'>{% endfor %}"
    )
    for start in range(0, 150, 50):
        ask(client, " ".join(f"line_{n}" for n in range(start, start + 50)))

    assert len(caplog.records) == MOST_TOLD


@pytest.mark.parametrize("debug", [False, True])
def test_block_that_its_page_changes_is_logged(app, client, caplog, debug):
    """A filter changes a block's output, so it cannot be fetched; the log says so."""
    app.debug = debug
    app.jinja_loader.mapping["page.html"] = (
        "<body>{% filter upper %}{% block n %}one{% endblock %}{% endfilter %}"
    )

    answer = ask(client, "n").json

    assert ("error" in answer.get("n", {})) is debug
    assert "html" not in answer.get("n", {})
    assert "does not contain its output" in caplog.text


@pytest.mark.parametrize("debug", [False, True])
def test_block_in_a_loop_is_refused_in_words(app, client, rows, caplog, debug):
    """A block in a loop has several outputs, and an error says that the page could not tell them
    apart. The same output each time is allowed."""
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
    """A stranger asks for many paths of a view. The log gets one line for the view."""
    app.add_url_rule("/in/<name>", "within", lambda name: app.view_functions["index"]())
    rows.append("b")
    for _ in range(3):
        ask(client, "row", "/in/a%0aCRITICAL:root:forged")

    told = [one.getMessage() for one in caplog.records if "several times" in one.getMessage()]
    assert len(told) == 1 and "\n" not in told[0]


def test_block_that_is_missing_is_named_in_debug_mode(app, client, caplog):
    """In debug mode the answer names the missing block and the existing ones."""
    app.debug = True

    told = ask(client, "line").json["line"]["error"]

    assert "'line' of '/' is not in the template" in told and "admin, n, row, rows" in told
    assert told in caplog.text


def test_names_that_cannot_be_blocks_are_ignored(client):
    """A request that names no possible block gets the whole page."""
    response = ask(client, "../x a-b " + "y" * 200)

    assert response.mimetype == "text/html"


def test_few_are_rendered_at_a_time(app, client):
    """A request without a free turn gets 503 and Retry-After, and the app runs nothing."""
    herd = app.extensions["realtime"].node().herd
    turns = [herd.begin("index") for _ in range(RENDERED_AT_ONCE)]
    # An app that makes a page of every error must leave this answer as it is.
    app.register_error_handler(Exception, lambda error: ("failed", 500))

    refused = ask(client, "rows")

    assert all(turns)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
    assert app.asked == []
    for turn in turns:
        herd.end(turn, 0.01)
    assert ask(client, "rows").status_code == 200


def test_page_without_the_block_is_no_measure_of_it(app, client):
    """A slow page without the block does not count in its cost: anybody could ask for that."""
    herd = app.extensions["realtime"].node().herd
    ask(client, "nothing")
    assert not herd._measured

    ask(client, "rows")
    assert len(herd._measured) == 1


def test_turn_is_given_back_by_a_view_that_fails(app, client):
    """Two views fail while they have a turn. A third request still gets one."""

    @app.get("/broken")
    def broken():
        raise ZeroDivisionError

    app.config["PROPAGATE_EXCEPTIONS"] = False
    for _ in range(RENDERED_AT_ONCE + 1):
        assert ask(client, "rows", "/broken").status_code == 500


@pytest.mark.parametrize("where", ["after_request", "teardown_request"])
def test_turn_is_given_back_if_a_function_of_the_app_fails(app, client, where):
    """A teardown function fails, and Flask calls none after it. The turn is still given back."""
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
    """Without requests for blocks, pages get no header and templates are not watched."""
    response = client.get("/")

    assert "X-Realtime-Block" not in response.headers
    with app.app_context():
        assert "new_context" not in vars(app.jinja_env.get_template("page.html"))


def test_before_request_functions_have_their_say(app, client):
    """A before_request function runs for blocks as for the page, and may refuse them."""

    @app.before_request
    def guard():
        return Response("log in", 401) if request.args.get("out") else None

    assert ask(client, "rows", "/?out=1").status_code == 401


def _asked(client):
    """Return the answer's status, or the error of its teardown: a server's 500."""
    try:
        return ask(client, "rows").status_code
    except Exception as error:
        # Flask 3.2 raises the errors of a teardown in groups, one for the request and one for the
        # app context.
        while hasattr(error, "exceptions"):
            [error] = error.exceptions
        return type(error)
