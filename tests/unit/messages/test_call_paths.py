"""Which paths fit the patterns in REALTIME_ALLOW_CALLS."""

from __future__ import annotations

import pytest

from ..conversations import Browser


def view(**values):
    return "answered"


def call(app, uri, allow, environ=None):
    return Browser(app, ALLOW_CALLS=allow).open_socket(**environ or {}).call(uri)["status"]


@pytest.mark.parametrize(
    ("pattern", "fitting", "others"),
    [
        ("/rooms", ["/rooms"], ["/rooms/", "/rooms/1", "/room", "/Rooms", "/"]),
        ("/rooms/", ["/rooms/"], ["/rooms", "/rooms/1"]),
        ("/rooms/*", ["/rooms/1", "/rooms/ü"], ["/rooms", "/rooms/", "/rooms/1/x", "/ROOMS/1"]),
        ("/*/x", ["/a/x"], ["/x", "/a/b/x", "/a/xx"]),
        ("/rooms/**", ["/rooms/", "/rooms/1", "/rooms/1/x/y"], ["/rooms", "/roomss/1"]),
        ("/**", ["/", "/a", "/a/b"], []),
    ],
)
def test_setting_lists_paths(app, pattern, fitting, others):
    """* stands for one part of a path and ** for all further parts; a path begins at the app's
    root."""
    app.add_url_rule("/", "all", view, defaults={"path": ""})
    app.add_url_rule("/<path:path>", "all", view)

    for path in fitting:
        assert call(app, path, [pattern]) == 200, path
        mounted = {"SCRIPT_NAME": "/mount"}
        assert call(app, f"/mount{path}", [pattern], mounted) == 200, path
    for path in others:
        assert call(app, path, [pattern]) == 421, path


@pytest.mark.parametrize(
    "path",
    [
        "/rooms/../admin",
        "/rooms/%2e%2e/admin",
        "/rooms/.%2E/admin",
        "/rooms/./1",
        "/rooms//admin",
        "/rooms/..%2fadmin",
        "/rooms/..%5cadmin",
        "/rooms/\\admin",
        "/rooms/%252e%252e%252fadmin",
        "/rooms/..",
        "/rooms/1;/../../admin",
        "/rooms/%00",
    ],
)
def test_path_that_is_ambiguous_fits_no_pattern(app, path):
    """A path that another program may read differently from url_for fits no pattern."""
    app.url_map.merge_slashes = False
    app.add_url_rule("/<path:path>", "all", view)

    assert call(app, path, ["/rooms/**"]) == 421
    assert call(app, path, True) == 200
