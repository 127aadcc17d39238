"""The mutations fit the present code; whether tests notice them is tried by hand."""

import pytest

from .mutations import MUTATIONS, ROOT


@pytest.mark.parametrize("one", MUTATIONS, ids=lambda one: one["name"])
def test_a_mutation_finds_what_it_takes_out(one):
    """The text to replace is in the file exactly once: else the mutation would be skipped."""
    text = (ROOT / "flask_realtime" / one["file"]).read_text()

    assert text.count(one["old"]) == 1
