"""A socket's cookies, kept as a browser keeps them."""

from __future__ import annotations

import pytest

from flask_realtime.session.cookie_jar import CookieJar, last_of_each


@pytest.fixture
def jar():
    return CookieJar("a=1; b=2", "app.example.com:5000", "/prefix/socket")


def test_jar_sends_what_the_handshake_had(jar):
    """The first message carries the handshake's cookies unchanged."""
    assert jar.header("/prefix/rooms") == "a=1; b=2"


def test_jar_keeps_values_as_they_were_sent():
    """Quotes and equals signs inside a value stay."""
    header = 'a="x y"; b=c=d==; empty='

    assert CookieJar(header, "localhost", "/").header("/") == header


def test_jar_replaces_a_cookie_of_the_handshake(jar):
    """A cookie set anew is sent once, with its new value."""
    is_changed = jar.set("a=3; Path=/; HttpOnly; Secure; SameSite=Lax", "/prefix/rooms")

    assert is_changed
    assert sorted(jar.header("/prefix/rooms").split("; ")) == ["a=3", "b=2"]


@pytest.mark.parametrize(
    "attributes",
    ["Max-Age=0", "Max-Age=-1", "Expires=Thu, 01 Jan 1970 00:00:00 GMT", "max-age=0; expires=x"],
)
def test_jar_forgets_a_cookie_that_is_deleted(jar, attributes):
    """A cookie whose expiry has passed is not sent any more."""
    is_changed = jar.set(f"a=; {attributes}; Path=/", "/prefix/rooms")

    assert is_changed
    assert jar.header("/prefix/rooms") == "b=2"


def test_jar_counts_max_age_before_expires(jar):
    """If a cookie has both, Max-Age applies (RFC 6265, section 5.3)."""
    jar.set("a=3; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60; Path=/", "/prefix/")

    assert "a=3" in jar.header("/prefix/")


@pytest.mark.parametrize("expires", ["Fri, 01 Jan 2100 00:00:00 GMT", "never"])
def test_jar_keeps_a_cookie_until_it_expires(jar, expires):
    """A cookie is kept if its expiry lies in the future, or cannot be read."""
    jar.set(f"c=3; Expires={expires}; Path=/", "/")

    assert "c=3" in jar.header("/")


def test_jar_sends_a_cookie_to_paths_below_its_own_alone(jar):
    """A cookie with the path /admin is sent with calls of /admin and below only."""
    jar.set("c=3; Path=/prefix/admin", "/prefix/")

    assert "c=3" in jar.header("/prefix/admin")
    assert "c=3" in jar.header("/prefix/admin/users")
    assert "c=3" not in jar.header("/prefix/administration")
    assert "c=3" not in jar.header("/prefix/rooms")


def test_jar_puts_a_cookie_without_a_path_into_the_folder_of_the_answer(jar):
    """A cookie without a path gets the path of its response without the last part."""
    jar.set("c=3", "/prefix/rooms/1")

    assert "c=3" in jar.header("/prefix/rooms/2")
    assert "c=3" not in jar.header("/prefix/others")


def test_jar_keeps_cookies_of_one_name_and_several_paths_apart(jar):
    """Of two cookies with the same name, the one with the longer path comes first, and only where
    its path fits."""
    jar.set("a=3; Path=/prefix/admin", "/prefix/")

    assert jar.header("/prefix/admin").startswith("a=3; ")
    assert jar.header("/prefix/rooms") == "a=1; b=2"


def test_jar_lets_a_cookie_of_the_prefix_replace_that_of_the_handshake(jar):
    """The handshake does not tell the path of a cookie. A new cookie of that name, whose path
    covers the handshake's, replaces it."""
    jar.set("a=3; Path=/prefix", "/prefix/rooms")

    assert "a=1" not in jar.header("/prefix/rooms")


@pytest.mark.parametrize(
    ("domain", "is_kept"),
    [
        ("example.com", True),
        (".EXAMPLE.com", True),
        ("app.example.com", True),
        ("example.org", False),
        ("ample.com", False),
        ("other.example.com", False),
    ],
)
def test_jar_keeps_cookies_for_its_own_host_alone(jar, domain, is_kept):
    """A cookie for another host is refused, as browsers do."""
    is_changed = jar.set(f"c=3; Domain={domain}; Path=/", "/")

    assert is_changed is is_kept
    assert ("c=3" in jar.header("/")) is is_kept


def test_jar_tells_that_a_cookie_set_again_changes_nothing(jar):
    """An app sets the same cookie with each response. The browser is not asked to fetch it
    again."""
    assert jar.set("a=1; Path=/", "/") is False
    assert jar.set("a=1; Path=/", "/") is False
    assert jar.set("a=2; Path=/", "/") is True


@pytest.mark.parametrize(
    ("end", "is_kept"),
    [
        ("Max-Age=" + "9" * 400, True),
        ("Max-Age=" + "9" * 5000, True),
        ("Max-Age=" + "0" * 400 + "60", True),
        ("Max-Age=-" + "9" * 400, False),
        ("Max-Age=" + "0" * 400, False),
        ("Max-Age=1_0; Expires=Thu, 01 Jan 1970 00:00:00 GMT", False),
        ("Expires=Thu, 01 Jan " + "9" * 400 + " 00:00:00 GMT", True),
    ],
)
def test_jar_reads_ends_of_any_length(jar, end, is_kept):
    """An expiry with endless digits causes no error."""
    jar.set(f"a=3; Path=/; {end}", "/")

    assert ("a=3" in jar.header("/")) is is_kept


@pytest.mark.parametrize("line", ["", "no-name", "=value", ";Path=/"])
def test_jar_ignores_a_line_without_a_name(jar, line):
    """A Set-Cookie header without a name changes nothing."""
    jar.set(line, "/")

    assert jar.header("/") == "a=1; b=2"


def test_jar_leaves_its_copy_alone(jar):
    """A change of a copy does not change the jar."""
    twin = jar.copy()

    twin.set("a=3; Path=/", "/")

    assert jar.header("/") == "a=1; b=2"
    assert "a=3" in twin.header("/")


def test_last_line_about_a_cookie_stands_for_those_before_it():
    """Cookies of other paths and hosts are other cookies."""
    kept = ["a=2; Path=/x", "a=3; Path=/; Domain=.Shop.example", "b=1; Path=/", "a=; Path=/"]
    lines = ["a=1; Path=/", *kept[:1], "a=2; Path=/; Domain=shop.example", *kept[1:]]

    assert last_of_each(lines) == kept
