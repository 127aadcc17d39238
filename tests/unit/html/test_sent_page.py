"""Pages that an app sends in place of those that its views have returned."""

import gzip

import pytest
from flask import Response, render_template, request

from flask_realtime.html.sent_page import SentPage

from .asking import ask


@pytest.mark.parametrize(
    ("page", "is_shown"),
    [
        ("<body><p  class='a'>x &amp; y</p>", True),
        ("<body><p class=a>x & y", True),
        ("<body><p class=b>x & z", False),
        ("<body>Please pay", False),
    ],
)
def test_page_shows_a_block_whose_text_it_has(page, is_shown):
    """A page shows a block if it holds its HTML or, where that was made smaller, its text."""
    sent = SentPage(Response(page, mimetype="text/html"))

    assert sent.shows("<p  class='a'>x &amp; y</p>") is is_shown


@pytest.mark.parametrize(
    ("page", "is_shown"),
    [
        ("<body><a class=b href=/files/7?a=1&amp;b=2 data-of='Ada L'>Download</a>", True),
        ("<body>Pay to Download", False),
        ("<body><a href=/files/7?a=1&b=2>Download</a>", False),
    ],
)
def test_page_does_not_show_a_block_whose_short_text_it_has_by_chance(page, is_shown):
    """What the links and the data of a block say has to stand in the page as well."""
    sent = SentPage(Response(page, mimetype="text/html"))
    block = '<a class="b" href="/files/7?a=1&amp;b=2"  data-of="Ada L">Download</a>'

    assert sent.shows(block) is is_shown


def test_page_without_the_picture_that_a_block_consists_of_does_not_show_it():
    """A block without any text is shown by a page that holds its HTML."""
    sent = SentPage(Response("<body><img src=teaser>", mimetype="text/html"))

    assert not sent.shows("<img src=picture>")
    assert sent.shows("<img src=teaser>")


def test_page_that_nobody_can_read_counts_as_showing_its_blocks():
    """A page that is compressed unasked, or streamed, counts as showing its blocks."""
    compressed = Response("x", headers={"Content-Encoding": "br"}, mimetype="text/html")
    streamed = Response((part for part in "x"), mimetype="text/html")

    assert SentPage(compressed).shows("<p>block</p>")
    assert SentPage(streamed).shows("<p>block</p>")


@pytest.mark.parametrize("encodings", ["", "gzip, br"])
def test_page_that_a_visitor_may_not_see_gives_no_blocks(app, client, encodings):
    """An after_request function shows who has not paid another page than the view's, or the page
    without a part of it. Nobody gets that part as a block, whatever they let the app compress."""
    app.jinja_loader.mapping["paid.html"] = (
        "<body><p>{% block article %}the secret{% endblock %}</p>"
        "{% block mail %}0 new{% endblock %}"
    )
    app.add_url_rule("/paid", "paid", lambda: render_template("paid.html"))

    @app.after_request
    def hide(response):
        page = response.get_data().replace(b"the secret", b"Please pay")
        if "gzip" in request.accept_encodings:
            page = gzip.compress(page)
            response.headers["Content-Encoding"] = "gzip"
        response.set_data(page)
        return response

    found = ask(client, "article mail", "/paid", Accept_Encoding=encodings)

    assert "secret" not in found.text
    assert found.json["mail"]["html"] == "0 new"
