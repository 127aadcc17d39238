"""The page whose socket a conversation answers."""

from __future__ import annotations

from flask_realtime.messages.page_of_socket import PageOfSocket


def test_log_lines_name_a_page_by_a_part_of_its_digest():
    """A reader of the log cannot push to a page by what its lines say."""
    page = PageOfSocket("an-id-of-this-page", "d" * 64, lambda: None, lambda: None, dict)

    assert "d" * 8 in page.short_digest
    assert len(page.short_digest) < 16
