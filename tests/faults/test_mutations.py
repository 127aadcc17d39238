"""The mutations fit the code as it is; whether somebody notices them is tried by hand."""

import pytest

from .mutations import MUTATIONS, ROOT


@pytest.mark.parametrize("one", MUTATIONS, ids=lambda one: one["name"])
def test_a_mutation_finds_what_it_takes_out(one):
    """Exactly once: else it would be skipped, or take out too much."""
    text = (ROOT / "flask_realtime" / one["file"]).read_text()

    assert text.count(one["old"]) == 1
