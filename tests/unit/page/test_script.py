"""The script in one piece."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flask_realtime.page.script import ENTRY, FORMS_ENTRY, STATIC, client_script, modules_of

README = Path(__file__).parents[3] / "README.rst"
SOURCES = {path.name: path.read_text() for path in STATIC.glob("*.js")}


both = pytest.mark.parametrize("entry", [ENTRY, FORMS_ENTRY])


@both
def test_script_holds_its_modules_once(entry):
    """No class of the client's comes twice in a script."""
    classes = classes_of(client_script(entry).plain.decode())

    assert len(classes) == len(set(classes)) > 5


def test_scripts_hold_every_module():
    """No file of the client's is left out, and few are in both scripts."""
    first, second = (
        set(classes_of(client_script(entry).plain.decode())) for entry in (ENTRY, FORMS_ENTRY)
    )

    assert first | second == {name for text in SOURCES.values() for name in classes_of(text)}
    assert first & second == {"RealtimeError"}


@both
def test_script_imports_nothing(entry):
    """It is fetched in one request."""
    text = client_script(entry).plain.decode()

    assert not re.search(r"(^|[;{}])(import|export)\b(?!\()", text, re.MULTILINE)


@both
def test_script_leaves_no_name_to_its_page(entry):
    """It is a classic script, so all that it declares stands within a function of its own."""
    text = client_script(entry).plain.decode()

    assert text.startswith('(() => {"use strict";')
    assert text.endswith("})();")


@both
def test_script_has_each_name_once(entry):
    """Modules that are put together hide no name of each other's."""
    declared = re.compile(r"^(?:async )?(?:class|const|function|let) (\w+)", re.MULTILINE)
    names = declared.findall("".join(modules_of(entry, set())))

    assert sorted(names) == sorted(set(names))


@both
def test_script_is_without_comments_and_nothing_else(entry):
    """All code of its modules is there, and of the comments nothing."""
    text = "".join(client_script(entry).plain.decode().split())

    modules = [code for source in SOURCES.values() if (code := "".join(code_words(source))) in text]
    wrapper = len('(()=>{"usestrict";})();')
    assert len(text) == sum(map(len, modules)) + wrapper


def test_script_is_small():
    """What every page loads, and pages with forms besides, is as small as the README says."""
    for entry, kilobytes in ((ENTRY, 10), (FORMS_ENTRY, 6)):
        assert len(client_script(entry).gzipped) < kilobytes * 1024
        assert f"less than {kilobytes} KB compressed" in README.read_text()


def test_scripts_have_one_version():
    """The page names it for the first, which asks for the second by it."""
    assert client_script(ENTRY).version == client_script(FORMS_ENTRY).version


def classes_of(text):
    """The names of the classes that *text* declares."""
    return re.findall(r"(?:^|[;}]|export )class (\w+)", text, re.MULTILINE)


def code_words(source):
    """What is code in *source*, told apart line by line."""
    in_comment = False
    for line in source.splitlines():
        line = line.strip()
        in_comment = in_comment or line.startswith("/**")
        if in_comment:
            in_comment = not line.endswith("*/")
        elif not line.startswith(("import ", "//")):
            yield from re.sub(r"^export ", "", line).partition(" // ")[0].split()
