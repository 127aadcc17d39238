"""Which headers the caller of a route may send."""

from __future__ import annotations

import pytest

from flask_realtime.errors import InvalidMessage
from flask_realtime.messages.call_headers import FORM, JSON, read_headers

LISTED = [
    "Accept",
    "Accept-Language",
    "HX-Boosted",
    "HX-Current-URL",
    "hx-trigger-name",
    "Idempotency-Key",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "If-Unmodified-Since",
    "Turbo-Frame",
    "X-CSRF-Token",
    "X-CSRFToken",
    "X-Requested-With",
    "X-XSRF-Token",
]
#: Names by which proxies and gateways tell an app who the client is, and names of transport
#: headers.
OTHERS = [
    "Authorization",
    "CF-Connecting-IP",
    "Client-IP",
    "Connection",
    "Content-Length",
    "Cookie",
    "Forwarded",
    "Host",
    "Keep-Alive",
    "OIDC-Claim-Email",
    "Origin",
    "Proxy-Authorization",
    "Range",
    "Referer",
    "Remote-User",
    "Sec-Fetch-Site",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "True-Client-IP",
    "Upgrade",
    "User-Agent",
    "Via",
    "X-Amzn-Oidc-Identity",
    "X-Auth-Request-Email",
    "X-Authentik-Username",
    "X-Client-Cert",
    "X-Consumer-Username",
    "X-Forwarded-For",
    "X-HTTP-Method-Override",
    "X-Mine",
    "X-Original-URL",
    "X-Pomerium-Claim-Email",
    "X-Real-Ip",
    "X-Remote-User",
    "X-Rewrite-URL",
    "X-SSL-Client-S-DN",
    "X-User",
    "X-Vouch-User",
    "X-WebAuth-User",
    "X_Forwarded_For",
    "X_CSRFToken",
    "HX_Request",
    "HX-",
    "HX-Ü",
    "HX-Request:",
]


@pytest.mark.parametrize("name", LISTED)
def test_header_of_the_list_may_be_sent(name):
    """A call may send the headers that scripts usually set."""
    assert read_headers({name: " text/html "}, "", ()) == {name.lower(): "text/html"}


@pytest.mark.parametrize("name", ["Accept", "HX-Current-URL", "X-Mine"])
def test_header_may_be_as_long_as_by_http(name):
    """A view parses what it has asked for, ``Accept`` say, and no server hands it 240 KB of that:
    nothing else would run on the server for a second."""
    longest = read_headers({name: "a/b," * 2047}, "", ["x-mine"])

    assert len(longest[name.lower()]) == 8188
    with pytest.raises(InvalidMessage, match="has 8,192 characters, and may have 8,190, as by"):
        read_headers({name: "a/b," * 2048}, "", ["x-mine"])


def test_call_may_have_as_many_headers_as_by_http():
    """A call of 240 KB has room for 14,000, which took 0.2 s."""
    names = [f"HX-{one}{other}" for one in "abcdefghij" for other in "abcdefghijk"]

    assert len(read_headers(dict.fromkeys(names[:100], "x"), "", ())) == 100
    with pytest.raises(InvalidMessage, match="has 101 headers, and may have 100, as by HTTP"):
        read_headers(dict.fromkeys(names[:101], "x"), "", ())


@pytest.mark.parametrize("name", [*OTHERS, "bad name", "bad:name", ""])
def test_header_of_no_list_is_refused_by_name(name):
    """A page cannot forge a proxy's header in any spelling. The error names the setting for headers
    of the app's own."""
    with pytest.raises(InvalidMessage) as caught:
        read_headers({name: "x"}, "", ["x-other"])

    assert "REALTIME_CALL_HEADERS" in str(caught.value)


def test_header_that_the_app_names_may_be_sent():
    """An app's own header is one line in its settings."""
    assert read_headers({"X-Client-Version": "7"}, "", ["x-client-version"]) == {
        "x-client-version": "7"
    }


@pytest.mark.parametrize("value", [1, None, ["a"], "a\r\nX-B: c", "a\0", "€"])
def test_header_whose_value_is_none_is_refused(value):
    """A header's value is one line of text."""
    with pytest.raises(InvalidMessage, match="X-CSRFToken"):
        read_headers({"X-CSRFToken": value}, "", ())


@pytest.mark.parametrize(
    ("value", "implied"),
    [
        ("application/json", JSON),
        ("Application/JSON; charset=utf-8", JSON),
        ("application/vnd.api+json", JSON),
        ("application/x-www-form-urlencoded", FORM),
        ("application/x-www-form-urlencoded;charset=UTF-8", FORM),
        ("application/json", ""),
        ("application/x-www-form-urlencoded", ""),
    ],
)
def test_content_type_may_say_what_the_body_is(value, implied):
    """The Content-Type may be a type of JSON, or be repeated by a library for each request."""
    assert read_headers({"Content-Type": value}, implied, ()) == {"content-type": value}


@pytest.mark.parametrize(
    ("value", "implied"),
    [
        ("text/plain", JSON),
        ("multipart/form-data; boundary=x", FORM),
        (JSON, FORM),
        (FORM, JSON),
        ("application/vnd.api+json", FORM),
        ("text/xml", ""),
        ("nonsense", JSON),
        ("", JSON),
    ],
)
def test_content_type_that_the_body_has_not_is_refused(value, implied):
    """A Content-Type that does not fit the body is refused."""
    with pytest.raises(InvalidMessage, match="Content-Type"):
        read_headers({"Content-Type": value}, implied, ())


@pytest.mark.parametrize("given", [["X-A"], "X-A: b", 1])
def test_headers_are_an_object(given):
    """Headers that are not an object are refused."""
    with pytest.raises(InvalidMessage, match="an object"):
        read_headers(given, "", ())


def test_headers_may_be_left_out():
    """null counts as no headers."""
    assert read_headers(None, "", ()) == {}
