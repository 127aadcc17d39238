"""CSRF tokens, which belong to one visitor and must not reach any other."""

from __future__ import annotations

from flask import current_app, g, has_app_context

from ..errors import RealtimeError


class HoldsToken(RealtimeError, ValueError):
    """Content for all pages holds the CSRF token of the current request's visitor.

    :param what: where the content comes from, as a sentence names it.
    """

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} holds the CSRF token of the visitor who asks, by which anybody who gets it "
            f"could act in that visitor's name: a form was passed to the template, or the content "
            f"was rendered for that visitor. Leave the form out, or use a block for what is each "
            f"visitor's own."
        )


def check_for_token(html: str, what: str) -> None:
    """Check that *html* does not hold the CSRF token that Flask-WTF has made in this request.

    :param what: where the HTML comes from, as the error names it.
    :raises HoldsToken: if it holds the token.
    """
    if not has_app_context():
        return
    # Flask-WTF keeps the token in g, under the name of its form field.
    token = g.get(current_app.config.get("WTF_CSRF_FIELD_NAME", "csrf_token"))
    if isinstance(token, str) and token and token in html:
        raise HoldsToken(what)
