"""The script in one piece."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from flask_realtime.page.script import (
    ENTRIES,
    ENTRY,
    FORMS_ENTRY,
    HTML_ENTRY,
    HTTP_ENTRY,
    STATIC,
    client_script,
    modules_of,
)

README = Path(__file__).parents[3] / "README.rst"
SOURCES = {path.name: path.read_text() for path in STATIC.glob("*.js")}
#: What a module declares for itself or for others.
NAMES = re.compile(r"^(?:export )?(?:async )?(?:class|const|function|let) (\w+)", re.MULTILINE)

#: What is small, or wanted by several.
SHARED = {"FIELDS", "Keeper", "Markup", "REFUSED", "RealtimeError", "emit", "find", "isPattern"}
SHARED |= {"BOXES", "NAMED", "Names", "TOKENS", "nameOf", "nameOfForm", "valueOf"}
SHARED |= {"isIgnored", "matcher", "unclobbered"}

each = pytest.mark.parametrize("entry", ENTRIES)


def test_scripts_hold_every_module():
    """No file of the client's is left out, and few are in more than one script."""
    names: Counter[str] = Counter()
    for entry in ENTRIES:
        names.update(NAMES.findall("".join(modules_of(entry, set()))))

    assert names.keys() == {name for text in SOURCES.values() for name in NAMES.findall(text)}
    assert {name for name, count in names.items() if count > 1} <= SHARED


@each
def test_script_imports_nothing(entry):
    """It is fetched in one request."""
    text = client_script(entry).plain.decode()

    assert not re.search(r"(^|[;{}])(import|export)\b(?!\()", text, re.MULTILINE)


@each
def test_script_leaves_no_name_to_its_page(entry):
    """It is a classic script, so all that it declares stands within a function of its own."""
    text = client_script(entry).plain.decode()

    assert text.startswith('(()=>{"use strict";')
    assert text.endswith("})();")


@each
def test_script_has_each_name_once(entry):
    """Modules that are put together hide no name of each other's."""
    names = NAMES.findall("".join(modules_of(entry, set())))

    assert sorted(names) == sorted(set(names))


def test_script_is_small():
    """What every page loads, and pages with forms besides, is as small as the README says."""
    for entry, kilobytes in ((ENTRY, 7), (FORMS_ENTRY, 6), (HTTP_ENTRY, 1), (HTML_ENTRY, 5)):
        assert len(client_script(entry).gzipped) < kilobytes * 1024
        assert f"less than {kilobytes} KB compressed" in README.read_text()


def test_scripts_have_one_version():
    """The page names it for the first, which asks for the others by it."""
    assert len({client_script(entry).version for entry in ENTRIES}) == 1
