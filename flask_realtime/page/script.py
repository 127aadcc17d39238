"""The JavaScript client as browsers get it: the modules of ``static/`` as one, without comments.

One request in place of ten, each of which would wait for the one that imports it, and less than
half of the bytes. There is nothing to build: it is put together when it is first asked for. What
forms and links with ``data-realtime`` need is a script of its own, which other pages do not load.

It is a classic script: a module script ahead of the page's import map makes browsers that know one
map alone, Firefox among them, ignore that map, and a classic script is told which tag is its own.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

STATIC = Path(__file__).parents[1] / "static"
ENTRY = "realtime.js"
FORMS_ENTRY = "realtime-forms.js"

# Keeps the names of the client's parts from the page's scripts.
_WRAPPER = '(() => {{\n"use strict";\n{}}})();'
_IMPORT = re.compile(r'^import .*"\./(.+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export ", re.MULTILINE)
# No text of the client's own holds what looks like one.
_COMMENT = re.compile(r"/\*\*(?:.|\n)*?\*/|(?<!\S)//.*")
_MARGIN = re.compile(r"\s*\n\s*")
# Line ends that say nothing: none of them stands for a semicolon.
_IDLE_LINE_END = re.compile(r"(?<=[{(,;])\n|\n(?=[)}])")


class Bundle:
    """A script, in one piece.

    :param text: what browsers run.
    :param version: names what it is: another version's is another.
    """

    def __init__(self, text: str, version: str) -> None:
        self.plain = text.encode()
        #: The same, compressed once for all browsers that take it so: all of them do.
        self.gzipped = gzip.compress(self.plain, 9, mtime=0)
        self.version = version


@functools.cache
def client_script(entry: str = ENTRY) -> Bundle:
    """The script that begins with the module *entry*, put together once."""
    text = _WRAPPER.format("".join(modules_of(entry, set())))
    lines = _MARGIN.sub("\n", _COMMENT.sub("", text)).strip()
    return Bundle(_IDLE_LINE_END.sub("", lines), _version())


@functools.cache
def _version() -> str:
    """One for all scripts: the first asks for the others by its own."""
    sources = sorted(STATIC.glob("*.js"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:8]


def modules_of(name: str, seen: set[str]) -> Iterator[str]:
    """The text of a module behind those that it imports, each once."""
    if name in seen:
        return
    seen.add(name)
    text = (STATIC / name).read_text(encoding="utf-8")
    for imported in _IMPORT.findall(text):
        yield from modules_of(imported, seen)
    yield _EXPORT.sub("", _IMPORT.sub("", text))
