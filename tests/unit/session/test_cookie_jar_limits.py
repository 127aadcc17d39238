"""A socket's cookie jar has the limits that browsers have."""

import pytest

from flask_realtime.session.cookie_jar import MOST_BYTES, MOST_COOKIES, CookieJar


@pytest.fixture
def jar():
    return CookieJar("a=1; b=2", "app.example.com", "/")


@pytest.mark.parametrize(("bytes_", "is_kept"), [(MOST_BYTES, True), (MOST_BYTES + 1, False)])
def test_jar_keeps_no_cookie_that_is_too_large(jar, bytes_, is_kept):
    """The name and value of a cookie count together, its attributes do not; the former cookie
    stays."""
    value = "x" * (bytes_ - len("a"))

    assert jar.set(f"a={value}; Path=/; HttpOnly; SameSite=Lax", "/") is is_kept

    assert jar.value_of("a") == (value if is_kept else "1")
    assert jar.dropped == (() if is_kept else ("a",))


def test_jar_keeps_no_more_cookies_than_a_browser(jar):
    """In a full jar a cookie may change or be deleted, and an expired one makes room for
    another."""
    for number in range(MOST_COOKIES - 2):
        assert jar.set(f"c{number}=1; Path=/", "/")

    assert not jar.set("more=1; Path=/", "/")
    assert jar.dropped == ("more",)
    assert jar.set("a=3; Path=/", "/")
    assert jar.set("b=; Max-Age=0; Path=/", "/")
    assert jar.set("more=1; Path=/", "/")
    assert len(jar.header("/").split("; ")) == MOST_COOKIES


def test_copy_of_a_jar_has_dropped_nothing_yet(jar):
    """Each message is told only of its own dropped cookies."""
    jar.set(f"a={'x' * MOST_BYTES}", "/")

    assert jar.copy().dropped == ()
