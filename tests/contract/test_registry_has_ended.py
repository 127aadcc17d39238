"""Every registry: a message asks whether its session was ended while the message was handled."""

import pytest

SESSION, OTHER_SESSION = "5" * 32, "6" * 32


@pytest.mark.parametrize(("heir", "has_ended"), [("", True), ("x:1", False), ("x:2", True)])
def test_message_can_ask_whether_its_session_was_ended_by_another(registry, heir, has_ended):
    """A message asks whether its session has ended. An end that the message itself has made does
    not count."""
    registry.end_session(SESSION, "x:1")

    assert registry.has_ended([OTHER_SESSION, SESSION], heir) is has_ended
    assert not registry.has_ended([OTHER_SESSION], heir)
    assert not registry.has_ended([])


def test_session_that_was_ended_by_http_has_ended_for_all(registry):
    """A session that was ended by HTTP has ended for every message, also one without a name."""
    registry.end_session(SESSION)

    assert registry.has_ended([SESSION])
    assert registry.has_ended([SESSION], "x:1")


def test_end_of_a_session_is_known_to_a_message_in_another_process(registry, other):
    """A log-out was handled by another process than the message."""
    registry.end_session(SESSION)

    assert other.has_ended([SESSION], "x:1")
