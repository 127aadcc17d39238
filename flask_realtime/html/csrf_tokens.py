"""CSRF tokens, which belong to one visitor and must not reach any other."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterator
from typing import Any

from flask import current_app, g, has_app_context

from ..errors import HoldsToken

# A token of Flask-WTF: the hash that the session holds, a time, and the signature. Flask-WTF keeps
# the token in g, under a name that each form may choose.
_SIGNED = re.compile(r"[\w-]{50,}\.[\w-]{6}\.[\w-]{27}")


def check_for_token(html: str, what: str, passed: Collection[Any] = ()) -> None:
    """Check that *html* holds no CSRF token that Flask-WTF or WTForms has made in this request.

    :param what: what has made the HTML, as a sentence of an error names it.
    :param passed: the values of the template's variables from which the HTML was made.
    :raises HoldsToken: if it holds one.
    """
    if any(token in html for token in (*_kept(), *_tokens_of(passed))):
        raise HoldsToken(what)


def _kept() -> Iterator[str]:
    """Yield the tokens that Flask-WTF has made in this request."""
    if not has_app_context():
        return
    usual = current_app.config.get("WTF_CSRF_FIELD_NAME", "csrf_token")
    for name in g:
        value = g.get(name)
        if isinstance(value, str) and value and (name == usual or _SIGNED.fullmatch(value)):
            yield value


def _tokens_of(passed: Collection[Any]) -> Iterator[str]:
    """Yield the tokens that WTForms has made for what is passed: forms, or their fields."""
    if "wtforms" not in sys.modules:
        return
    from wtforms.csrf.core import CSRFTokenField
    from wtforms.form import BaseForm

    for value in passed:
        for field in value if isinstance(value, BaseForm) else (value,):
            if isinstance(field, CSRFTokenField) and field.current_token:
                yield field.current_token
