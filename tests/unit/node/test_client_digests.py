"""The digests by which the registry may know the client of a handshake."""

import pytest

from flask_realtime.config.settings import Config
from flask_realtime.identity.keys import dated_connection_id, digest, session_digest
from flask_realtime.node.client_digests import names_of
from flask_realtime.registries.memory.registry import MemoryRegistry
from flask_realtime.threads import clock

from ..handshakes import Shaken

PAGE = "an-id-of-this-page"


def named(secret_keys, known=None, **options):
    return names_of(Shaken(None, **options), secret_keys, known)


def test_names_are_those_of_session_page_and_identity():
    """An app with one secret key needs no call of the registry for the digest."""
    names = named(["secret"], identity="a:b")

    assert names.digest == digest("secret", "a key", PAGE, "a:b")
    assert names.user == "a%3Ab"
    assert list(names.other_sessions) == []


def test_page_that_was_rendered_under_an_earlier_key_keeps_its_name():
    """While secret keys are exchanged, a page keeps the digest of the earlier key, and its session
    is looked up under both keys."""
    registry = MemoryRegistry(Config())
    earlier = digest("earlier", "a key", PAGE)
    registry.subscribe(earlier, ["a"])

    names = named(["secret", "earlier"], registry.subscriptions)

    assert names.digest == earlier
    assert list(names.other_sessions) == [session_digest("secret", "a key")]


def test_page_that_nobody_knows_is_named_by_the_present_key():
    """An unknown page gets a digest of the present secret key."""
    names = named(["secret", "earlier"], MemoryRegistry(Config()).subscriptions)

    assert names.digest == digest("secret", "a key", PAGE)
    assert list(names.other_sessions) == [session_digest("earlier", "a key")]


@pytest.mark.parametrize(("key", "is_old"), [("a key", True), ("another key", None)])
def test_names_tell_the_age_of_a_page_of_the_session(key, is_old):
    """The age of a page is read from its id, also under an earlier secret key."""
    page = dated_connection_id("earlier", key, int(clock.now() * 1000) - 60_000)

    asked_at = named(["secret", "earlier"], lambda digests: {}, connection_id=page).asked_at

    assert (asked_at is None) if is_old is None else clock.monotonic() - asked_at >= 60
