"""The page that an app sends, which may be another one than its view has returned."""

from __future__ import annotations

import html
import re
from functools import cached_property

from flask import Response

_TAGS_AND_SPACE = re.compile(r"<[^>]*>|\s+")
_SPACE = re.compile(r"\s+")
# The attributes whose values may be as secret as a text. A function that makes pages smaller keeps
# these values.
_TELLING = re.compile(
    r"""\s(?:data-[\w-]+|action|content|formaction|href|src|srcset|title|value)\s*=\s*"""
    r"""(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""",
    re.IGNORECASE,
)


class SentPage:
    """The page in a response as the app's ``after_request`` functions have left it.

    A function that makes pages smaller changes tags and spaces. A function that hides the view's
    page, or a part of it, from visitors who may not see it changes the text.

    :param response: the response.
    """

    def __init__(self, response: Response) -> None:
        self._response = response

    def shows(self, block: str) -> bool:
        """Return whether the page still shows a block of the page that the view has returned.

        :param block: the HTML of the block.
        :returns: True also for a page that nobody can read here: one that is streamed, or that the
            app has compressed although the request asks for that by no header.
        """
        if self._text is None or block in self._text:
            return True
        text = _text_of(block)
        if not text or text not in self._squeezed:
            return False
        # A short text may stand in another page by chance.
        values = [_squeeze("".join(found)) for found in _TELLING.findall(block)]
        return all(value in self._squeezed_markup for value in values)

    @cached_property
    def _text(self) -> str | None:
        response = self._response
        is_plain = response.headers.get("Content-Encoding", "identity") == "identity"
        if not (is_plain and response.is_sequence):
            return None
        charset = response.mimetype_params.get("charset", "utf-8")
        return response.get_data().decode(charset, "replace")

    @cached_property
    def _squeezed(self) -> str:
        return _text_of(self._text or "")

    @cached_property
    def _squeezed_markup(self) -> str:
        return _squeeze(self._text or "")


def _text_of(markup: str) -> str:
    return html.unescape(_TAGS_AND_SPACE.sub("", markup))


def _squeeze(markup: str) -> str:
    return html.unescape(_SPACE.sub("", markup))
