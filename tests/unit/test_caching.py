"""Headers that allow or forbid caches to keep a page."""

import pytest
from flask import Response

from flask_realtime.caching import keep_from_caches, may_be_kept

KEPT = [
    {"Cache-Control": "public"},
    {"Cache-Control": "max-age=60"},
    {"Cache-Control": "private, max-age=60"},
    {"Cache-Control": "no-cache, s-maxage=60"},
    {"ETag": '"x"'},
    {"ETag": 'W/"x"', "Cache-Control": "no-cache"},
    {"Expires": "Fri, 01 Jan 2100 00:00:00 GMT"},
    {"CDN-Cache-Control": "max-age=60", "Cache-Control": "no-store"},
    {"Cloudflare-CDN-Cache-Control": "max-age=60", "Cache-Control": "no-cache"},
    {"X-LiteSpeed-Cache-Control": "public, max-age=60"},
    {"Surrogate-Control": 'max-age=60, content="ESI/1.0"'},
    {"X-Accel-Expires": "60"},
    {"X-Accel-Expires": "@2000000000"},
]
NOT_KEPT = [
    {},
    {"Cache-Control": "private"},
    {"Cache-Control": "no-cache"},
    {"Cache-Control": "no-store, max-age=60", "ETag": '"x"'},
    {"Cache-Control": "no-cache, max-age=0, must-revalidate", "Expires": "0", "Pragma": "no-cache"},
    {"Cache-Control": "max-age=x"},
    {"Expires": "Thu, 01 Jan 1970 00:00:00 GMT"},
    {"Expires": "nonsense"},
    {"Last-Modified": "Thu, 01 Jan 1970 00:00:00 GMT"},
    {"X-Accel-Expires": "0"},
    {"X-Accel-Expires": "off"},
    {"Surrogate-Control": "no-store"},
    {"CDN-Cache-Control": "max-age=0"},
]


@pytest.mark.parametrize("headers", KEPT, ids=str)
def test_response_that_states_its_caching_may_be_kept(headers):
    """Lifetimes, "public" and validators such as ETag, in any header, say that the app wants the
    page to be cached."""
    assert may_be_kept(Response("", headers=headers))


@pytest.mark.parametrize("headers", NOT_KEPT, ids=str)
def test_response_that_states_none_may_not(headers):
    """Headers that forbid caching, in old forms too, do not count as a wish to cache the page."""
    assert not may_be_kept(Response("", headers=headers))


@pytest.mark.parametrize("headers", [*KEPT, *NOT_KEPT], ids=str)
def test_page_is_kept_from_all_caches(headers):
    """Whatever the app has set, no cache keeps the page, and no browser asks whether it has
    changed."""
    response = Response("", headers=headers)

    keep_from_caches(response)

    is_stored = "no-store" not in headers.get("Cache-Control", "")
    expected = "private, no-cache" if is_stored else "private, no-cache, no-store"
    assert response.headers["Cache-Control"] == expected
    assert set(response.headers.keys()) <= {
        "Content-Type",
        "Content-Length",
        "Cache-Control",
        "Pragma",
    }
    assert not may_be_kept(response)
