"""Origins as browsers send them."""

import pytest

from flask_realtime.identity.origins import Origin


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
    """Letter case and a port that the scheme implies make no difference."""
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
    """A browser keeps these apart from https://example.com."""
    assert Origin.parse(other) != Origin.parse("https://example.com")


@pytest.mark.parametrize(
    "text",
    ["null", "", "example.com", "https://", "https://example.com/", "https://a b", "https://ü.de",
     "https://user@example.com", "https://example.com:123456", "https://example.com\n"],
)  # fmt: skip
def test_origin_refuses_what_no_browser_sends(text):
    """Whatever has no scheme, or has more than a host and a port, is refused with an example."""
    with pytest.raises(ValueError, match=r"looks like 'https://example\.com'"):
        Origin.parse(text)


@pytest.mark.parametrize(
    "text", ["https://example.com", "http://example.com:8080", "http://[::1]:5000"]
)
def test_origin_is_written_as_a_browser_writes_it(text):
    """str() gives the origin back, without a default port."""
    assert str(Origin.parse(text)) == text
    assert str(Origin.parse("https://example.com:443")) == "https://example.com"
