"""The script in one piece."""

from __future__ import annotations

import re
from pathlib import Path

from flask_realtime.page.script import STATIC, client_script

README = Path(__file__).parents[3] / "README.rst"
SOURCES = {path.name: path.read_text() for path in STATIC.glob("*.js")}


def test_script_holds_every_module_once():
    """No file of the client's is left out, and none comes twice."""
    text = client_script().plain.decode()

    classes = re.findall(r"^(?:export )?class (\w+)", "\n".join(SOURCES.values()), re.MULTILINE)
    assert sorted(re.findall(r"(?:^|[;}])class (\w+)", text, re.MULTILINE)) == sorted(classes)


def test_script_imports_nothing():
    """It is fetched in one request."""
    text = client_script().plain.decode()

    assert not re.search(r"(^|[;{}])(import|export)\b", text, re.MULTILINE)


def test_script_leaves_no_name_to_its_page():
    """It is a classic script, so all that it declares stands within a function of its own."""
    text = client_script().plain.decode()

    assert text.startswith('(() => {"use strict";')
    assert text.endswith("})();")


def test_script_is_without_comments_and_nothing_else():
    """All code is there, and of the comments nothing."""
    text = "".join(client_script().plain.decode().split())

    for source in SOURCES.values():
        assert "".join(code_words(source)) in text
    wrapper = len('(()=>{"usestrict";})();')
    length = sum(len("".join(code_words(source))) for source in SOURCES.values())
    assert len(text) == length + wrapper


def test_script_is_small():
    """What a page loads is less than seven kilobytes, all in all, as the README says."""
    size = len(client_script().gzipped)

    assert size < 7 * 1024
    assert "less than 7 KB compressed" in README.read_text()


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
