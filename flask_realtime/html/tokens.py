"""CSRF tokens, which belong to one visitor and must not reach any other."""

from __future__ import annotations

from flask import current_app, g, has_app_context

from ..errors import RealtimeError


class HoldsToken(RealtimeError, ValueError):
    """Content for all pages holds the CSRF token of the visitor whose request makes it.

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
    """Return if *html* holds no CSRF token that Flask-WTF has made in this request.

    :param what: where it comes from, as a sentence names it.
    :raises HoldsToken: if it does.
    """
    if not has_app_context():
        return
    # Flask-WTF keeps it under the name of its field.
    token = g.get(current_app.config.get("WTF_CSRF_FIELD_NAME", "csrf_token"))
    if isinstance(token, str) and token and token in html:
        raise HoldsToken(what)
