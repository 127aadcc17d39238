"""Fixtures: one browser, and its servers, for all tests of this folder."""

import itertools
import json
import pathlib
import secrets

import pytest
import redis

from flask_realtime import Publisher
from tests.eventually import DEADLINE

from ..integration.serving import ServerProcess
from . import chromium, evidence, kinds, sites

APPS = pathlib.Path(__file__).parent / "apps"

# Kept with each test: its visitors, and whether it has failed.
VISITORS = pytest.StashKey()
HAS_FAILED = pytest.StashKey()

_names = (f"c{number}" for number in itertools.count(1))


def pytest_collection_modifyitems(items):
    if not kinds.KIND.PATH:
        skip = pytest.mark.skip(reason=f"{kinds.NAME} is not installed")
        for item in items:
            if "tests/browser" in item.nodeid:
                item.add_marker(skip)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """Add to the report of a failed test what its visitors' pages and its servers say."""
    report = yield
    if report.failed and report.when != "teardown":
        item.stash[HAS_FAILED] = True
        if kinds.KIND is chromium:
            visitors = item.stash.get(VISITORS, [])
            report.sections.extend(evidence.sections(visitors, item.funcargs.values()))
    return report


@pytest.fixture(scope="package")
def browser():
    with kinds.KIND.launch() as browser:
        yield browser


@pytest.fixture(scope="package")
def whole_browser(browser):
    """A browser that keeps pages for its back button after they were left."""
    if kinds.KIND is not chromium or chromium.PATH == chromium.WHOLE:
        yield browser
        return
    if not chromium.WHOLE:
        pytest.skip("chromium is not installed beside chromium-headless-shell")
    whole = browser.browser_type.launch(
        executable_path=chromium.WHOLE,
        args=chromium.WHOLE_ARGUMENTS,
        ignore_default_args=chromium.LEFT_OUT,
    )
    yield whole
    whole.close()


@pytest.fixture(scope="package")
def start(redis_url, tmp_path_factory):
    """A function that returns a server of the app ``pages``: two gevent workers, with Redis."""

    def start(prefix="", port=None, **environ):
        environ = {
            "REALTIME_REDIS": json.dumps(redis_url),
            "REALTIME_REDIS_PREFIX": json.dumps("browser"),
            # Redis is always up here; a slow machine must not look like an outage.
            "REALTIME_REDIS_TIMEOUT_SECONDS": json.dumps(DEADLINE),
            "REALTIME_DRAIN_SECONDS": json.dumps(0.5),
            **environ,
        }
        if prefix:
            environ["SCRIPT_NAME"] = prefix
        return ServerProcess("gevent", "pages:app", workers=2, folder=APPS, port=port, **environ)

    return start


@pytest.fixture(scope="module", params=["gevent", pytest.param("gthread", marks=pytest.mark.long)])
def kind(request):
    """The kind of gunicorn's workers."""
    return request.param


@pytest.fixture(scope="module")
def serve(kind, redis_url, tmp_path_factory):
    """A function that returns a server of an app in ``apps/``: two workers, Redis, a database."""

    def serve(app, **environ):
        environ = {
            "DATABASE": str(tmp_path_factory.mktemp(app) / "database.sqlite"),
            "REALTIME_REDIS": json.dumps(redis_url),
            "REALTIME_REDIS_PREFIX": json.dumps(f"{app}-{secrets.token_hex(3)}"),
            # Redis is always up here; a slow machine must not look like an outage.
            "REALTIME_REDIS_TIMEOUT_SECONDS": json.dumps(DEADLINE),
            "REALTIME_DRAIN_SECONDS": json.dumps(0.5),
            **environ,
        }
        return ServerProcess(kind, f"{app}:app", workers=2, folder=APPS, **environ)

    return serve


@pytest.fixture(scope="package")
def server(start):
    with start() as server:
        yield server


@pytest.fixture
def publisher(redis_url):
    with Publisher(redis_url, prefix="browser", timeout=DEADLINE) as publisher:
        yield publisher


@pytest.fixture
def redis_client(redis_url):
    with redis.Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture(scope="package")
def renewed():
    """The visitors of earlier tests whose tabs later visitors may use again."""
    return []


@pytest.fixture
def come(request, renewed):
    """A function that returns a new visitor. The test fails if the console of a visitor's browser
    shows an error.

    A test with the mark ``keeps_pages`` gets a browser that keeps pages for its back button. A
    visitor in a test with the mark ``shares_tabs`` gets the renewed tab of an earlier one, unless
    that one's test has failed: such a test may have left a key pressed.
    """
    people, sharing = request.node.stash.setdefault(VISITORS, []), []
    keeps_pages = request.node.get_closest_marker("keeps_pages")
    browser = request.getfixturevalue("whole_browser" if keeps_pages else "browser")
    shares_tabs = request.node.get_closest_marker("shares_tabs") and not keeps_pages

    def come(url, prefix="", **options):
        is_sharing = shares_tabs and kinds.KIND is chromium and not options
        if is_sharing and renewed:
            person = renewed.pop()
            person.move(url, prefix)
        else:
            person = chromium.Visitor(browser, url, prefix, **options)
        people.append(person)
        if is_sharing:
            sharing.append(person)
        return person

    yield come
    errors = [error for person in people for error in person.errors]
    has_failed = request.node.stash.get(HAS_FAILED, False)
    for person in people:
        if person in sharing and not has_failed and person.renew():
            renewed.append(person)
        else:
            person.close()
    assert errors == []


@pytest.fixture
def ada(come, server):
    return come(server.url)


@pytest.fixture(scope="package")
def site_server():
    with ServerProcess("gevent", "shapes:app", folder=APPS) as server:
        yield server


@pytest.fixture
def site(site_server):
    """The app whose pages and answers a test sets."""
    return sites.Site(site_server.url)


@pytest.fixture(scope="package")
def entries_server():
    with ServerProcess("gevent", "entries:app", folder=APPS) as server:
        yield server


@pytest.fixture
def person(come, entries_server):
    """A person on a page with fields and buttons that the server changes."""
    person = come(entries_server.url)
    person.visit("/")
    return person


@pytest.fixture
def channel():
    """The name of a channel that no other test uses."""
    return f"{next(_names)}-{secrets.token_hex(3)}"
