"""The JavaScript client as browsers get it: the modules of ``static/`` as one, minified.

One request in place of twenty, each of which would wait for the one that imports it, and a third of
the bytes. There is nothing to build: it is put together when it is first asked for. What forms and
links with ``data-realtime`` need, and calls that HTTP has to answer, are scripts of their own,
which other pages do not load.

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

from .minify import minify

STATIC = Path(__file__).parents[1] / "static"
ENTRY = "realtime.js"
FORMS_ENTRY = "realtime-forms.js"
HTTP_ENTRY = "realtime-http.js"
HTML_ENTRY = "realtime-html.js"
DEBUG_ENTRY = "realtime-debug.js"
#: What browsers load: the first by its tag, the next three when the first finds that they are
#: wanted, and the last by a tag of its own while the app is in debug mode.
ENTRIES = (ENTRY, FORMS_ENTRY, HTTP_ENTRY, HTML_ENTRY, DEBUG_ENTRY)

# Keeps the names of the client's parts from the page's scripts.
_WRAPPER = '(()=>{{"use strict";{}}})();'
_IMPORT = re.compile(r'^import .*"\./(.+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export ", re.MULTILINE)


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
    text = minify("".join(modules_of(entry, set())))
    return Bundle(_WRAPPER.format(text), _version())


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
