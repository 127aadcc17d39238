"""Every registry: a message asks whether its session was ended while the message was handled."""

import pytest

SESSION, OTHER_SESSION = "5" * 32, "6" * 32


@pytest.mark.parametrize(("heir", "has_ended"), [("", True), ("x:1", False), ("x:2", True)])
def test_message_can_ask_whether_its_session_was_ended_by_another(registry, heir, has_ended):
    """An end that the message has made itself does not count."""
    registry.end_session(SESSION, "x:1")

    assert registry.has_ended([OTHER_SESSION, SESSION], heir) is has_ended
    assert not registry.has_ended([OTHER_SESSION], heir)
    assert not registry.has_ended([])


def test_session_that_was_ended_by_http_has_ended_for_all(registry):
    """For a message without a name, too."""
    registry.end_session(SESSION)

    assert registry.has_ended([SESSION])
    assert registry.has_ended([SESSION], "x:1")


def test_end_of_a_session_is_known_to_a_message_in_another_process(registry, other):
    """The log-out may have reached another process than the message."""
    registry.end_session(SESSION)

    assert other.has_ended([SESSION], "x:1")
