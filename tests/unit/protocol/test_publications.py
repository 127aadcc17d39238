"""Entries of a channel's log."""

from flask_realtime.protocol.positions import Position
from flask_realtime.protocol.publications import NOWHERE, Publication


def test_publication_knows_the_position_before_it():
    """A client at that position has all entries before this one."""
    publication = Publication("news", Position("e1", 7, "t7"), "t6", "1")

    assert publication.before == Position("e1", 6, "t6")
    assert not publication.is_ephemeral


def test_publication_that_no_log_holds_is_ephemeral():
    """A client does not resume from an ephemeral publication."""
    assert Publication("news", NOWHERE, "", "1").is_ephemeral
