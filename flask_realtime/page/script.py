"""The JavaScript client as browsers get it: the modules of ``static/`` as one minified script.

One request takes the place of twenty, each of which would wait for the module that imports it,
and a third of the bytes is sent. There is no build step: a script is put together when it is
first asked for. Forms and links with ``data-realtime``, calls that HTTP has to answer, and changes
of HTML need scripts of their own, which other pages do not load.

It is a classic script, for two reasons. A module script ahead of the page's import map makes
Firefox and other browsers ignore that map; and a classic script can find the tag that loaded it.
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
#: The scripts that browsers load: the first by its tag, the next three when the first needs them,
#: and the last by a tag of its own in debug mode.
ENTRIES = (ENTRY, FORMS_ENTRY, HTTP_ENTRY, HTML_ENTRY, DEBUG_ENTRY)

# A function around the script, so that its names do not become the page's.
_WRAPPER = '(()=>{{"use strict";{}}})();'
_IMPORT = re.compile(r'^import .*"\./(.+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export ", re.MULTILINE)


class Bundle:
    """One of the client's scripts, in one piece.

    :param text: the script's text, as browsers run it.
    :param version: stands in the script's address, and changes with any of the client's modules.
    :ivar gzipped: the text compressed, once for all browsers.
    """

    def __init__(self, text: str, version: str) -> None:
        self.plain = text.encode()
        self.gzipped = gzip.compress(self.plain, 9, mtime=0)
        self.version = version


@functools.cache
def client_script(entry: str = ENTRY) -> Bundle:
    """Return the script that begins with the module *entry*; it is put together once."""
    text = minify("".join(modules_of(entry, set())))
    return Bundle(_WRAPPER.format(text), _version())


@functools.cache
def _version() -> str:
    """Return the version of all scripts: the first script loads the others by its own version."""
    sources = sorted(STATIC.glob("*.js"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:8]


def modules_of(name: str, seen: set[str]) -> Iterator[str]:
    """Yield the texts of the modules that *name* imports, each once, and then its own."""
    if name in seen:
        return
    seen.add(name)
    text = (STATIC / name).read_text(encoding="utf-8")
    for imported in _IMPORT.findall(text):
        yield from modules_of(imported, seen)
    yield _EXPORT.sub("", _IMPORT.sub("", text))
