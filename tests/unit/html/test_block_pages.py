"""Requests for blocks: which response counts as the page that holds the blocks."""

import itertools
import json
import pathlib

import pytest
from flask import Response, render_template, request, send_file, stream_template

from flask_realtime.html.block_requests import MOST_PAGE_BYTES

from .asking import ask

#: Content-Disposition as browsers read it, which the client's tests use as well.
DISPOSITIONS = json.loads((pathlib.Path(__file__).parents[2] / "dispositions.json").read_text())


def answer_of(app, view, headers=None):
    """Return a view's answer to a request for blocks."""
    app.add_url_rule("/other", "other", view)
    return ask(app.test_client(), "n", "/other", **(headers or {}))


def test_page_of_no_template_is_left_as_it_is(app):
    """A view returns HTML that no template rendered, from a cache for example. The answer is the
    whole page, because none of its blocks are known."""
    response = answer_of(app, lambda: "<body>kept</body>")

    assert response.text.endswith(">kept</body>")
    assert "X-Realtime-Block" not in response.headers


def test_view_that_answers_scripts_by_json_answers_with_its_page(app):
    """A view has JSON for scripts, which take anything, and its page for browsers. The script that
    asks for a block wants the page."""

    def negotiating():
        kind = request.accept_mimetypes.best_match(["application/json", "text/html"])
        return render_template("page.html", rows=[]) if kind == "text/html" else {"rows": []}

    assert answer_of(app, negotiating, {"Accept": "*/*"}).json["n"]["html"] == "0"


def test_file_is_sent_as_ever(app, tmp_path):
    """A view sends an HTML file, which is sent unchanged."""
    (tmp_path / "page.html").write_text("a file")

    assert answer_of(app, lambda: send_file(tmp_path / "page.html")).text == "a file"


def test_stream_of_no_template_is_not_read(app):
    """A view streams HTML that no template renders. The stream may be endless, so it is not read
    for its blocks."""
    endless = itertools.repeat("x" * 1000)
    app.add_url_rule("/endless", "endless", lambda: Response(endless, mimetype="text/html"))

    parts = iter(ask(app.test_client(), "n", "/endless", buffered=False).response)

    assert len(next(parts)) == 1000


def test_stream_of_a_template_is_read_as_far_as_a_page_goes(app):
    """A view streams a template. A stream longer than a page is sent unchanged from its beginning
    to its end, and closed."""
    app.jinja_loader.mapping["long.html"] = (
        "{% block n %}1{% endblock %}{% for part in parts %}{{ part }}{% endfor %}"
    )
    parts = ["y" * (MOST_PAGE_BYTES // 4)] * 8

    response = answer_of(app, lambda: stream_template("long.html", parts=parts))

    assert response.text == "1" + "".join(parts)
    assert "X-Realtime-Block" not in response.headers


@pytest.mark.parametrize(
    "headers",
    [
        *({"Content-Disposition": one} for one in DISPOSITIONS["saved"]),
        {"Content-Security-Policy": "default-src 'self'; sandbox allow-scripts"},
    ],
)
def test_html_that_is_kept_apart_is_part_of_no_page(app, headers):
    """HTML that visitors have uploaded is sent by a template, with headers that keep it out of
    pages. No block is taken from it."""
    response = answer_of(app, lambda: (render_template("page.html", rows=["a"]), headers))

    assert response.mimetype == "text/html"
    assert "X-Realtime-Block" not in response.headers


@pytest.mark.parametrize("disposition", DISPOSITIONS["shown"])
def test_page_that_browsers_show_has_its_blocks(app, disposition):
    """A page says that it is shown, and how it is called if somebody saves it; or nothing that
    would have a browser save it."""
    headers = {"Content-Disposition": disposition}

    response = answer_of(app, lambda: (render_template("page.html", rows=["a"]), headers))

    assert "X-Realtime-Block" in response.headers


@pytest.mark.parametrize("body", [{"data": "x"}, {"headers": {"Transfer-Encoding": "chunked"}}])
def test_request_with_a_body_asks_for_no_blocks(client, body):
    """A request for blocks that has a body is answered as if it asked for none: the view might wait
    for the body, and keep other requests from their turn."""
    headers = {"X-Realtime-Block": "rows", **body.pop("headers", {})}

    response = client.get("/", headers=headers, **body)

    assert "X-Realtime-Block" not in response.headers


@pytest.mark.parametrize("debug", [False, True])
def test_what_a_view_renders_and_does_not_send_is_nobodys(app, client, debug):
    """A view renders an e-mail with a token, or a page that it then does not return. No block is
    taken from what the view does not send."""
    app.debug = debug
    app.jinja_loader.mapping["mail.html"] = "{% block mail %}token=secret{% endblock %}"

    @app.get("/forgot")
    def forgot():
        app.mail = render_template("mail.html")
        return render_template("page.html", rows=["sent"])

    @app.get("/denied")
    def denied():
        render_template("mail.html")
        return "You may not see this."

    for path in ("/forgot", "/denied"):
        assert "secret" not in ask(client, "mail rows", path).text
    assert app.mail == "token=secret"


def test_page_that_was_rendered_before_a_note_counts(app, client):
    """A view renders its page, and after that a note with a block of the same name. The block comes
    from the page that the view sends."""
    app.jinja_loader.mapping["note.html"] = "{% block n %}note{% endblock %}"

    @app.get("/noted")
    def noted():
        page = render_template("page.html", rows=["a"])
        render_template("note.html")
        return page

    assert ask(client, "n", "/noted").json["n"]["html"] == "1"


def test_page_whose_html_is_changed_behind_its_view_keeps_its_blocks(app, client):
    """An after_request function makes the page's HTML smaller. Its blocks are found all the
    same."""
    app.jinja_loader.mapping["large.html"] = (
        "<body>{% block n %}<p  id='n'> a &amp; b</p>{% endblock %}"
    )
    app.add_url_rule("/large", "large", lambda: render_template("large.html"))

    @app.after_request
    def make_smaller(response):
        assert response.get_data().endswith(b"<p  id='n'> a &amp; b</p>")
        response.set_data(b"<body><p id=n>a & b")
        return response

    assert ask(client, "n", "/large").json["n"]["html"] == "<p  id='n'> a &amp; b</p>"


def test_page_whose_html_is_changed_in_its_view_is_logged(app, client, caplog):
    """A view changes the rendered HTML before it returns it. The page is sent whole, and a log line
    says that its blocks could not be found."""
    app.add_url_rule("/loud", "loud", lambda: render_template("page.html", rows=["b"]).upper())

    assert ask(client, "rows", "/loud").json == {}

    app.debug = True
    assert "does not contain its output" in ask(client, "rows", "/loud").json["rows"]["error"]
    assert "Block 'rows' of '/loud'" in caplog.text
