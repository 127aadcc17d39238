"""Origins as browsers send them."""

import pytest

from flask_realtime.identity.origins import Origin, is_allowed_origin, is_cross_site


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.com", "https://example.com:443"),
        ("http://example.com", "http://example.com:80"),
        ("https://Example.COM", "https://example.com"),
        ("http://[::1]:80", "http://[::1]"),
    ],
)
def test_origin_is_the_same_with_and_without_its_default_port(one, other):
    """Letter case and the scheme's default port do not matter."""
    assert Origin.parse(one) == Origin.parse(other)


@pytest.mark.parametrize(
    "other",
    [
        "http://example.com",
        "https://example.com:8443",
        "https://www.example.com",
        "app://example.com",
    ],
)
def test_origin_differs_by_scheme_host_and_port(other):
    """These origins differ from https://example.com for a browser."""
    assert Origin.parse(other) != Origin.parse("https://example.com")


@pytest.mark.parametrize(
    "text",
    ["null", "", "example.com", "https://", "https://example.com/", "https://a b", "https://ü.de",
     "https://user@example.com", "https://example.com:123456", "https://example.com\n"],
)  # fmt: skip
def test_origin_refuses_what_no_browser_sends(text):
    """A text without a scheme, or with more than a host and a port, is refused with an example."""
    with pytest.raises(ValueError, match=r"looks like 'https://example\.com'"):
        Origin.parse(text)


@pytest.mark.parametrize(
    "text", ["https://example.com", "http://example.com:8080", "http://[::1]:5000"]
)
def test_origin_is_written_as_a_browser_writes_it(text):
    """str() gives the origin without the default port."""
    assert str(Origin.parse(text)) == text
    assert str(Origin.parse("https://example.com:443")) == "https://example.com"


ALLOWED = ("https://partner.example", "capacitor://localhost")


@pytest.mark.parametrize(
    ("origin", "scheme", "host"),
    [
        (None, "http", "example.com"),
        ("https://example.com", "https", "example.com"),
        ("https://EXAMPLE.com", "HTTPS", "Example.COM"),
        ("http://localhost:5000", "http", "localhost:5000"),
        ("https://example.com", "https", "example.com:443"),
        ("https://example.com:443", "https", "example.com"),
        ("http://example.com", "http", "example.com:80"),
        ("https://example.com", "http", "example.com"),
        ("http://[::1]:5000", "http", "[::1]:5000"),
        ("https://example.com", "wss", "example.com"),
        ("https://partner.example", "https", "example.com"),
        ("https://Partner.example:443", "https", "example.com"),
        ("capacitor://localhost", "https", "example.com"),
    ],
)
def test_origin_of_the_same_host_or_the_list_is_allowed(origin, scheme, host):
    """Pages of the app's own host and port, and of listed origins, may connect."""
    assert is_allowed_origin(origin, scheme, host, ALLOWED)


@pytest.mark.parametrize(
    ("origin", "scheme", "host"),
    [
        ("null", "https", "example.com"),
        ("", "https", "example.com"),
        ("https://evil.example", "https", "example.com"),
        ("https://example.com.evil.example", "https", "example.com"),
        ("https://evilexample.com", "https", "example.com"),
        ("https://www.example.com", "https", "example.com"),
        ("https://example.com:8443", "https", "example.com"),
        ("http://localhost:5001", "http", "localhost:5000"),
        ("http://example.com", "https", "example.com"),
        ("http://partner.example", "https", "example.com"),
        ("https://partner.example:8443", "https", "example.com"),
        ("https://example.com/", "https", "example.com"),
        ("https://example.com@evil.example", "https", "example.com"),
        ("https://example.com https://evil.example", "https", "example.com"),
        ("https://example.com:99999", "https", "example.com"),
        ("ftp://example.com", "https", "example.com"),
        ("https://example.com", "https", ""),
        ("https://evil.example", "https", "example.com@evil.example"),
    ],
)
def test_origin_of_any_other_page_is_refused(origin, scheme, host):
    """Another site's page cannot open a socket with the visitor's session."""
    assert not is_allowed_origin(origin, scheme, host, ALLOWED)


@pytest.mark.parametrize(
    ("site", "origin", "referer", "expected"),
    [
        ("cross-site", "http://example.com", None, True),
        ("same-site", "http://www.example.com", None, False),
        ("none", None, "http://elsewhere.test/", False),
        (None, "http://elsewhere.test", "http://example.com/", True),
        (None, "http://example.com", "http://elsewhere.test/", False),
        (None, None, "http://example.com/a?b#c", False),
        (None, None, "http://example.com:81/", True),
        (None, None, "", True),
        (None, None, None, False),
    ],
)
def test_request_tells_by_its_first_header_whether_another_site_caused_it(
    site, origin, referer, expected
):
    """Sec-Fetch-Site counts before Origin, and Origin before Referer."""
    assert is_cross_site(site, origin, referer, "http", "example.com") is expected
