"""Caches in front of the app, which keep whatever a stranger has had the app answer for a page."""

import pytest

from flask_realtime.hub.herd import RENDERED_AT_ONCE

from .asking import ask

HEADERS_OF_CACHES = {
    "CDN-Cache-Control": "max-age=600",
    "Cloudflare-CDN-Cache-Control": "max-age=600",
    "Edge-Control": "max-age=600",
    "Netlify-CDN-Cache-Control": "public, max-age=600",
    "Surrogate-Control": "max-age=600",
    "Vercel-CDN-Cache-Control": "max-age=600",
    "X-Accel-Expires": "600",
    "X-LiteSpeed-Cache-Control": "public, max-age=600",
    "ETag": '"x"',
    "Expires": "Fri, 01 Jan 2100 00:00:00 GMT",
    "Last-Modified": "Thu, 01 Jan 1970 00:00:00 GMT",
}
#: What may come in place of the page: blocks, refusals, and the page for want of a part.
PATHS = ["/", "/no", "/old", "/missing", "/apart"]


@pytest.fixture
def kept(app):
    """An app all of whose responses are kept by caches of many kinds."""

    @app.get("/apart")
    def show_apart():
        return "<p>", {"Content-Security-Policy": "sandbox"}

    @app.after_request
    def keep(response):
        response.headers.update(HEADERS_OF_CACHES)
        response.headers["Cache-Control"] = "public, max-age=600"
        response.headers["Content-Encoding"] = "br"
        return response

    return app


def assert_is_kept_nowhere(response):
    assert response.headers["Cache-Control"] == "no-store"
    assert not set(HEADERS_OF_CACHES) & set(response.headers.keys())


@pytest.mark.parametrize("path", PATHS)
def test_no_cache_keeps_what_a_request_for_blocks_gets(kept, client, path):
    """A visitor who asks for the page afterwards would get the answer in its place, and anybody can
    send the header that names blocks."""
    assert_is_kept_nowhere(ask(client, "rows", path))


def test_no_cache_keeps_what_those_get_who_ask_in_vain(kept, client):
    """A stranger sends so many requests for blocks that some get no turn. No cache makes that the
    answer to all who ask for the page."""
    herd = kept.extensions["realtime"].node().herd
    turns = [herd.begin("index") for _ in range(RENDERED_AT_ONCE)]

    response = ask(client, "rows")

    assert all(turns)
    assert response.status_code == 503
    assert_is_kept_nowhere(response)


def test_blocks_are_not_taken_for_compressed(kept, client):
    """A header of the page, which says how an after_request function has compressed it, goes."""
    assert "Content-Encoding" not in ask(client, "rows").headers
