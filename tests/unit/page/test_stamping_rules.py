"""Which pages get an id: by what they use, and by REALTIME_STAMP_PAGES."""

from __future__ import annotations

import gzip
import logging

import pytest
from flask import Flask, Response, render_template_string, request
from flask_caching import Cache

from flask_realtime import Realtime

PAGE = "<head>{{ realtime_script() }}</head><body>hi</body>"
FRAME = {"headers": {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "iframe"}}
NAMES_A_PAGE = {"headers": {"X-Realtime-Connection-Id": "a" * 22}}
PUBLIC = {"Cache-Control": "public, max-age=60", "ETag": '"x"'}


def make_app(**settings):
    app = Flask(__name__)
    app.config.update(SECRET_KEY="secret", REALTIME_REGISTRY="memory", **settings)
    app.realtime = Realtime(app)
    return app


def subscribe(app):
    app.realtime.socket.subscribe("news")
    return "<body>hi</body>"


@pytest.mark.parametrize(
    ("headers", "status"), [({"If-None-Match": '"x"'}, 304), ({"Range": "bytes=0-9"}, 206)]
)
@pytest.mark.parametrize("has_script", [True, False])
def test_no_cache_keeps_a_part_of_a_page_or_the_news_that_it_has_not_changed(
    headers, status, has_script
):
    """An app answers conditional requests for a page of its own with what it says to caches. Where
    the page has an id, caches are told not to keep it, and no such answer tells them otherwise."""
    app = make_app()

    @app.get("/")
    def show():
        page = render_template_string(PAGE) if has_script else "<body>hi</body>"
        response = Response(page, headers=PUBLIC)
        return response.make_conditional(request, accept_ranges=True, complete_length=len(page))

    client = app.test_client()
    whole, asked = client.get("/"), client.get("/", headers=headers)

    assert (whole.status_code, asked.status_code) == (200, status)
    assert asked.headers["Cache-Control"] == whole.headers["Cache-Control"]
    assert ("private" in asked.headers["Cache-Control"]) == has_script


#: What a view does, and whether its page needs an id.
VIEWS = {
    "subscribes": (subscribe, True),
    "has the script": (lambda app: render_template_string(PAGE), True),
    "writes its id": (lambda app: f"<body>{id_of(app)}</body>", True),
    "does nothing": (lambda app: "<body>hi</body>", False),
}


def id_of(app):
    return render_template_string("{{ realtime_connection_id() }}")


def get(app, view, headers):
    app.add_url_rule("/page", "page", lambda: (view(app), headers))
    return app.test_client().get("/page")


@pytest.mark.parametrize("states_caching", [True, False])
@pytest.mark.parametrize("mode", [True, "used", False])
@pytest.mark.parametrize("kind", VIEWS)
def test_page_is_stamped_by_its_use_and_the_setting(kind, mode, states_caching):
    """A page that needs no id stays as cacheable as it was, unless the setting stamps every
    page."""
    view, is_used = VIEWS[kind]
    headers = PUBLIC if states_caching else {}
    expected = {True: is_used or not states_caching, "used": is_used, False: False}[mode]

    response = get(make_app(REALTIME_STAMP_PAGES=mode), view, headers)

    is_private = response.headers.get("Cache-Control") == "private, no-cache"
    assert ("data-socket-connection-id" in response.text) is expected
    assert is_private is (expected or kind == "writes its id")
    if not is_private:
        assert {name: response.headers.get(name) for name in headers} == headers
        assert "Vary" not in response.headers or kind == "subscribes"


@pytest.mark.parametrize("states_caching", [True, False])
@pytest.mark.parametrize("mode", [True, "used", False])
@pytest.mark.parametrize("kind", VIEWS)
@pytest.mark.parametrize("way", [FRAME, {"method": "HEAD"}, NAMES_A_PAGE])
def test_page_is_as_cacheable_in_whatever_way_it_is_asked_for(way, kind, mode, states_caching):
    """Another site shows a page in a frame, or somebody asks for its head alone, or names an open
    page without a session: so it has no id. A shared cache must not keep that for the visitors who
    would get the page with its id."""
    app = make_app(REALTIME_STAMP_PAGES=mode)
    usual = get(app, VIEWS[kind][0], PUBLIC if states_caching else {})

    response = app.test_client().open("/page", **way)

    told = {name: response.headers.get(name) for name in ("Cache-Control", "ETag")}
    assert told == {name: usual.headers.get(name) for name in told}


@pytest.mark.parametrize("is_subscribed", [True, False])
@pytest.mark.parametrize("is_streamed", [True, False])
@pytest.mark.parametrize("mode", [True, "used", False])
@pytest.mark.parametrize("way", [{}, FRAME, {"method": "HEAD"}, NAMES_A_PAGE])
def test_page_that_is_given_its_id_by_hand_is_kept_from_caches(
    way, mode, is_streamed, is_subscribed
):
    """A view writes its page's id into it, as a streamed page has to have it, and lets caches keep
    it. They would hand one visitor's id to all others. The page may be subscribed by later requests
    only."""
    app = make_app(REALTIME_STAMP_PAGES=mode)

    def show():
        if is_subscribed:
            app.realtime.socket.subscribe("news")
        page = f'<body data-socket-connection-id="{app.realtime.socket.connection_id}">'
        return iter([page]) if is_streamed else page

    app.add_url_rule("/page", "page", lambda: (show(), PUBLIC))

    response = app.test_client().open("/page", **way)

    assert response.headers["Cache-Control"] == "private, no-cache"
    assert "ETag" not in response.headers


@pytest.mark.parametrize("is_before", [True, False])
def test_page_whose_caching_is_stated_for_all_pages_is_left_alone(is_before):
    """An after_request function allows caches to keep pages, before or after the extension's own
    function. The page is not stamped."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY="secret", REALTIME_REGISTRY="memory")

    def state_caching(response):
        response.headers.update(PUBLIC)
        return response

    if is_before:
        app.after_request(state_caching)
    app.realtime = Realtime(app)
    if not is_before:
        app.after_request(state_caching)

    plain = get(app, lambda app: "<body>hi</body>", {})

    assert plain.text == "<body>hi</body>"
    assert plain.headers["Cache-Control"] == PUBLIC["Cache-Control"]
    assert "Set-Cookie" not in plain.headers
    assert int(plain.headers["Content-Length"]) == len(plain.data)


def test_page_that_is_compressed_before_its_caching_is_stated_stays_stamped():
    """A page was stamped and compressed before the app allows caches to keep it. The id cannot be
    removed any more, so caches are forbidden to keep the page."""
    app = make_app()

    @app.after_request
    def state_caching(response):
        response.headers.update(PUBLIC)
        return response

    @app.after_request
    def compress(response):
        response.set_data(gzip.compress(response.get_data()))
        response.headers["Content-Encoding"] = "gzip"
        return response

    response = get(app, lambda app: "<body>hi</body>", {})

    assert b"data-socket-connection-id" in gzip.decompress(response.data)
    assert response.headers["Cache-Control"] == "private, no-cache"


def test_page_is_searched_once(monkeypatch):
    """The body tag of a large page is searched for once in a request."""
    from flask_realtime.page import stamping

    searched = []
    find = stamping.find_body_tag
    monkeypatch.setattr(stamping, "find_body_tag", lambda html: searched.append(1) or find(html))

    for view in (lambda app: "<body>hi</body>", lambda app: "<p>no body"):
        get(make_app(), view, {})

    assert len(searched) == 2


def test_setting_that_is_no_mode_is_an_error():
    """An invalid value is an error that lists the valid ones."""
    with pytest.raises(ValueError, match=r"REALTIME_STAMP_PAGES.*'used'"):
        make_app(REALTIME_STAMP_PAGES="always")


@pytest.fixture(params=[True, "used"])
def cached(request):
    """An app with one page that comes from a cache of views, and one that does not."""
    app = make_app(REALTIME_STAMP_PAGES=request.param, CACHE_TYPE="SimpleCache")
    cache = Cache(app)
    app.runs = []

    @app.get("/cached")
    @cache.cached()
    def cached():
        app.runs.append("cached")
        app.realtime.socket.subscribe("news")
        return render_template_string(PAGE)

    @app.get("/fresh")
    def fresh():
        app.realtime.socket.subscribe("news")
        return render_template_string(PAGE)

    return app


def test_page_from_a_cache_of_views_does_not_claim_to_be_subscribed(cached, caplog):
    """A second visitor gets a cached page, which is subscribed to nothing. The page does not claim
    to be subscribed, since it would reload for ever."""
    first, second, third = (cached.test_client().get("/cached") for _ in range(3))
    fresh = cached.test_client().get("/fresh")

    assert cached.runs == ["cached"]
    assert 'data-subscribed="true"' in first.text and 'data-subscribed="true"' in fresh.text
    assert "data-subscribed" not in second.text and "data-subscribed" not in third.text
    assert len({page.text for page in (first, second, third)}) == 3, "each has an id of its own"
    warnings = [one for one in caplog.records if one.levelno == logging.WARNING]
    assert len(warnings) == 1 and "'cached'" in warnings[0].getMessage()


def test_page_whose_script_alone_comes_from_a_cache_stays_subscribed(caplog):
    """A cached part of the layout holds the script tag, and the view has run. The page stays
    subscribed."""
    app = make_app()
    tags = []

    def view(app):
        app.realtime.socket.subscribe("news")
        tags.append(tags[0] if tags else render_template_string(PAGE))
        return Response(tags[-1], mimetype="text/html")

    app.add_url_rule("/page", "page", lambda: view(app))
    first, second = (app.test_client().get("/page") for _ in range(2))

    assert 'data-subscribed="true"' in first.text and 'data-subscribed="true"' in second.text
    assert not [one for one in caplog.records if one.levelno == logging.WARNING]
