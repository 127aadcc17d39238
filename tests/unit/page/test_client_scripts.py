"""The scripts that browsers load."""

from __future__ import annotations

import functools
import hashlib
import re
import shutil
from pathlib import Path

import pytest

from flask_realtime.page import client_scripts as script
from flask_realtime.page.client_scripts import (
    ENTRIES,
    ENTRY,
    FORMS_ENTRY,
    HTML_ENTRY,
    HTTP_ENTRY,
    STATIC,
    client_script,
)

ROOT = Path(__file__).parents[3]
README = ROOT / "README.rst"
MODULES = STATIC.with_name("javascript")
IMPORTS = re.compile(r'^import .*"\./(.+)";$', re.MULTILINE)

each = pytest.mark.parametrize("entry", ENTRIES)


def test_scripts_were_built_after_the_last_change_of_a_module():
    """The checksums that ``make bundle`` wrote fit the modules and the scripts."""
    lines = (STATIC / "SHA256SUMS").read_text().splitlines()
    noted = {name: digest for digest, name in map(str.split, lines)}
    files = [*MODULES.glob("*.js"), *STATIC.glob("*.js")]
    found = {
        path.relative_to(ROOT).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }

    changed = [name for name, _ in noted.items() ^ found.items()]
    assert sorted(set(changed)) == [], "run 'make bundle', and commit what it writes"


def test_nothing_but_what_is_built_lies_beside_the_scripts():
    """A module in the folder of the built scripts would be in none of them."""
    assert {path.name for path in STATIC.glob("*.js")} == set(ENTRIES)


def test_scripts_hold_every_module():
    """Each module of the client is part of a script."""
    held = set(ENTRIES)
    wanted = list(ENTRIES)
    while wanted:
        imported = set(IMPORTS.findall((MODULES / wanted.pop()).read_text())) - held
        held |= imported
        wanted += imported

    assert held == {path.name for path in MODULES.glob("*.js")}


@each
def test_script_imports_nothing(entry):
    """A browser fetches the script in one request."""
    text = client_script(entry).plain.decode()

    assert not re.search(r"(^|[;{}])(import|export)\b(?!\()", text, re.MULTILINE)


@each
def test_script_leaves_no_name_to_its_page(entry):
    """The script declares everything within a function, since names of a classic script are
    global."""
    text = client_script(entry).plain.decode()

    assert text.startswith('"use strict";(()=>{')
    assert text.endswith("})();\n")


def test_script_is_small():
    """The script of every page, and the script for forms, are as small as the README says."""
    for entry, kilobytes in ((ENTRY, 7.4), (FORMS_ENTRY, 6.5), (HTTP_ENTRY, 1), (HTML_ENTRY, 6.1)):
        assert len(client_script(entry).gzipped) < kilobytes * 1024
        assert f"less than {kilobytes} KB compressed" in README.read_text()


def test_scripts_have_one_version():
    """The page names a version in the address of the first script, which loads the others by the
    same version."""
    assert len({client_script(entry).version for entry in ENTRIES}) == 1


def test_scripts_stay_those_of_the_first_while_an_upgrade_replaces_them(tmp_path, monkeypatch):
    """A page whose first script is of one release does not get the next release's script for
    forms."""
    before, after = tmp_path / "before", tmp_path / "after"
    for folder in (before, after):
        shutil.copytree(STATIC, folder)
        for entry in ENTRIES:
            (folder / entry).write_text(f"// {folder.name}")
    monkeypatch.setattr(script, "STATIC", before)
    monkeypatch.setattr(script, "_scripts", functools.cache(script._scripts.__wrapped__))

    first = client_script(ENTRY)
    shutil.copytree(after, before, dirs_exist_ok=True)
    later = client_script(FORMS_ENTRY)

    assert later.plain == first.plain == b"// before"
    assert later.version == first.version
