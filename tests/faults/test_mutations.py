"""The mutations fit the present code and tests; ``make mutations`` shows that the tests fail."""

import ast

import pytest

from .mutations import MUTATIONS, ROOT


@pytest.mark.parametrize("one", MUTATIONS, ids=lambda one: one["name"])
def test_a_mutation_finds_what_it_takes_out(one):
    """The text to replace is in the file exactly once: else the mutation would not be tried."""
    text = (ROOT / "flask_realtime" / one["file"]).read_text()

    assert text.count(one["old"]) == 1


@pytest.mark.parametrize("one", MUTATIONS, ids=lambda one: one["name"])
def test_a_mutation_names_a_test_that_exists(one):
    """Else nobody would see that the mechanism is gone."""
    file, *names = one["test"].split("::")
    tree = ast.parse((ROOT / file).read_text())

    known = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert known >= {name.partition("[")[0] for name in names}
