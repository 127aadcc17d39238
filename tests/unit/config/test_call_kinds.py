"""The values that the settings about calls over a socket may have."""

from __future__ import annotations

import pytest

from flask_realtime.config.settings import Config
from flask_realtime.errors import InvalidSetting


def read(**settings):
    return Config.from_mapping({f"REALTIME_{name}": value for name, value in settings.items()})


@pytest.mark.parametrize(
    "value",
    [True, False, None, [], ["index", "shop.rooms"], ["/", "/rooms/*", "/*/x/**", "/**"]],
)
def test_allow_calls_is_all_nothing_or_a_list(value):
    """A list may hold endpoints and paths together."""
    expected = tuple(value) if isinstance(value, list) else value

    assert read(ALLOW_CALLS=value).allow_calls == expected


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("index", r"\['index'\]"),
        (1, "True, False, None"),
        ({"index": True}, "True, False, None"),
        ([1], "1 in it"),
        ([""], "'' in it"),
        (["shop.*"], "begins with '/'"),
        (["rooms/7"], "begins with '/'"),
        (["/rooms*"], "between two slashes"),
        (["/rooms/**/x"], "between two slashes"),
        (["/rooms/***"], "between two slashes"),
        (["/rooms/a**"], "between two slashes"),
        (["/rooms/{room}"], r"'\*' in place of each '<…>' or '{…}'"),
        (["/rooms?page=1"], "leave out '\\?' or '#'"),
        (["/rooms#last"], "leave out '\\?' or '#'"),
        (["/rooms/<room>"], r"'\*' in place of each '<…>'"),
        (["/rooms/<int:room>/*"], r"'\*' in place of each '<…>'"),
    ],
)
def test_allow_calls_that_would_open_nothing_is_an_error(value, hint):
    """A pattern that fits no path, or that looks like another kind of pattern, is an error."""
    with pytest.raises(InvalidSetting, match=f"REALTIME_ALLOW_CALLS.*{hint}"):
        read(ALLOW_CALLS=value)


def test_call_headers_are_kept_in_lower_case():
    """The case of a header's name does not matter."""
    assert read(CALL_HEADERS=["X-Client-Version", "prefer"]).call_headers == (
        "x-client-version",
        "prefer",
    )


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("X-A", r"\['X-A'\]"),
        (7, "a list of headers"),
        ([7], "7 in it"),
        (["X_A"], "hyphens"),
        (["X A"], "hyphens"),
        (["X-A:"], "hyphens"),
        ([""], "hyphens"),
        (["Cookie"], "only browsers and servers"),
        (["HOST"], "only browsers and servers"),
        (["content-length"], "only browsers and servers"),
        (["Sec-Fetch-Site"], "only browsers and servers"),
        (["X-Forwarded-For"], "only browsers and servers"),
        (["Proxy-Authorization"], "only browsers and servers"),
        (["Referer"], "only browsers and servers"),
    ],
)
def test_call_headers_that_no_page_sends_are_an_error(value, hint):
    """A header that only browsers or servers may set is an error."""
    with pytest.raises(InvalidSetting, match=f"REALTIME_CALL_HEADERS.*{hint}"):
        read(CALL_HEADERS=value)


def test_environ_keys_are_kept_as_they_are():
    """The case of an environ's key matters."""
    assert read(ENVIRON_KEYS=["myapp.tenant", "SSL_CLIENT_CERT"]).environ_keys == (
        "myapp.tenant",
        "SSL_CLIENT_CERT",
    )


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("myapp.tenant", r"\['myapp.tenant'\]"),
        (7, "a list of keys"),
        ([7], "7 in it"),
        (["PATH_INFO"], "differs from request to request"),
        (["wsgi.input"], "differs from request to request"),
        (["werkzeug.request"], "differs from request to request"),
        (["HTTP_COOKIE"], "differs from request to request"),
    ],
)
def test_environ_keys_that_belong_to_one_request_are_an_error(value, hint):
    """A key for the path, the body or a header differs from call to call, so it is an error."""
    with pytest.raises(InvalidSetting, match=f"REALTIME_ENVIRON_KEYS.*{hint}"):
        read(ENVIRON_KEYS=value)
