"""Views that change which user a session belongs to, and the registry's state after them."""

from flask import session

from flask_realtime.identity.keys import digest

KEY = "the-socket-key"


def log_in():
    session["user"] = 42
    return "in"


def log_out():
    del session["user"]
    return "out"


def clear():
    session.clear()
    return "<body>cleared</body>"


def has_ended(process):
    return process.registry.connect(digest("secret", KEY, "an-id-of-a-page"), "1").has_ended
