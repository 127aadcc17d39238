"""The response with one of the client's scripts."""

from __future__ import annotations

import functools
import gzip
from typing import TYPE_CHECKING, Any

from flask import Response

from .client_scripts import Bundle

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class ScriptResponse(Response):
    """A script, which is compressed as it is sent.

    Not before, since ``after_request`` functions of the app may read the text of all scripts, as
    Flask-Minify's does, or compress all that the app sends.

    :param script: the script.
    :param is_gzipped: whether the browser takes it compressed.
    """

    def __init__(self, script: Bundle, is_gzipped: bool) -> None:
        # Named here, not looked up: Windows may know .js as text/plain, which no browser runs as a
        # module.
        super().__init__(script.plain, mimetype="text/javascript")
        self._script = script
        self._is_gzipped = is_gzipped

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        """Send the script as the app's functions have left it."""
        is_text = self.status_code == 200 and "Content-Encoding" not in self.headers
        if self._is_gzipped and is_text and self.is_sequence:
            text, script = self.get_data(), self._script
            self.set_data(script.gzipped if text == script.plain else gzip.compress(text))
            self.headers["Content-Encoding"] = "gzip"
        return super().__call__(environ, start_response)


@functools.cache
def script_response(response_class: type[Response]) -> type[ScriptResponse]:
    """Return the :class:`ScriptResponse` of an app whose responses are *response_class*."""
    if issubclass(ScriptResponse, response_class):
        return ScriptResponse
    return type("ScriptResponse", (ScriptResponse, response_class), {})
