"""The JavaScript client as browsers get it: the scripts in ``static/``.

``make bundle`` builds them of the modules in ``javascript/``, minified, and they are committed, so
that an app needs no npm. One request takes the place of twenty, each of which would wait for the
module that imports it, and a third of the bytes is sent. Forms and links with ``data-realtime``,
calls that HTTP has to answer, and changes of HTML need scripts of their own, which other pages do
not load.

They are classic scripts, for two reasons. A module script ahead of the page's import map makes
Firefox and other browsers ignore that map; and a classic script can find the tag that loaded it.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
from pathlib import Path

STATIC = Path(__file__).parents[1] / "static"
ENTRY = "realtime.js"
FORMS_ENTRY = "realtime-forms.js"
HTTP_ENTRY = "realtime-http.js"
HTML_ENTRY = "realtime-html.js"
DEBUG_ENTRY = "realtime-debug.js"
#: The scripts that browsers load: the first by its tag, the next three when the first needs them,
#: and the last by a tag of its own in debug mode.
ENTRIES = (ENTRY, FORMS_ENTRY, HTTP_ENTRY, HTML_ENTRY, DEBUG_ENTRY)


class Bundle:
    """One of the client's scripts, in one piece.

    :param plain: the script's text, in UTF-8, as browsers run it.
    :param version: stands in the script's address, and changes with any of the client's scripts.
    :ivar gzipped: the text compressed, once for all browsers.
    """

    def __init__(self, plain: bytes, version: str) -> None:
        self.plain = plain
        self.gzipped = gzip.compress(plain, 9, mtime=0)
        self.version = version


def client_script(entry: str = ENTRY) -> Bundle:
    """Return the script *entry*, one of ``ENTRIES``."""
    return _scripts()[entry]


@functools.cache
def _scripts() -> dict[str, Bundle]:
    """Return all scripts by their names.

    They are read together, since the first script loads the others by its own version: an upgrade
    must not put a new one beside it while the process runs.
    """
    texts = {entry: (STATIC / entry).read_bytes() for entry in ENTRIES}
    version = hashlib.sha256(b"".join(texts.values())).hexdigest()[:8]
    return {entry: Bundle(text, version) for entry, text in texts.items()}
