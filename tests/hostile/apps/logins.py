"""Accounts with Flask-Login, where a log-in proves a password."""

import json
import os
import pathlib
import time

import flask_login
from cachelib import FileSystemCache
from flask import Flask, redirect, render_template_string, request, session
from flask_session import Session

from flask_realtime import Realtime
from flask_realtime.session import ended_in_browser

app = Flask(__name__)
app.secret_key = "a secret of the tests"
app.config.update(
    {key: json.loads(value) for key, value in os.environ.items() if key.startswith("REALTIME_")}
)
app.config["SESSION_PROTECTION"] = os.environ.get("PROTECTION", "basic")
app.config["REMEMBER_COOKIE_REFRESH_EACH_REQUEST"] = "RENEWS" in os.environ
app.config["REMEMBER_COOKIE_SECURE"] = "SECURE" in os.environ
if "LATE" in os.environ:
    ended_in_browser.LATE_SECONDS = float(os.environ["LATE"])
if "SESSIONS" in os.environ:
    app.config["SESSION_TYPE"] = "cachelib"
    app.config["SESSION_CACHELIB"] = FileSystemCache(os.environ["SESSIONS"])
    Session(app)
if "REFUSALS" in os.environ:
    refusals, save = pathlib.Path(os.environ["REFUSALS"]), app.session_interface.save_session

    def save_session(*request):
        """Fail while there is a file of that name, once if it says so, or behind the saving."""
        how = refusals.read_text() if refusals.exists() else None
        if how == "once":
            refusals.unlink()
        if how in (None, "behind"):
            save(*request)
        if how is not None:
            raise OSError("The store has gone away.")

    app.session_interface.save_session = save_session
realtime = Realtime(app)
if not os.environ.get("SAYS_NOTHING"):
    # What Flask-Login has found for the request stays the user behind session.clear().
    is_found_once = "FOUND_ONCE" in os.environ
    realtime.identify((lambda: flask_login.current_user.get_id()) if is_found_once else flask_login)
log_ins = flask_login.LoginManager(app)


class User(flask_login.UserMixin):
    def __init__(self, user):
        self.id = user


deleted = set()


def note_visit(response=None):
    session["visits"] = session.get("visits", 0) + 1
    return response


if note_when := os.environ.get("NOTE_VISITS"):
    getattr(app, note_when)(note_visit)


@log_ins.user_loader
def load_user(user):
    return None if user in deleted else User(user)


@app.get("/about")
def about():
    return render_template_string("<head>{{ realtime_script() }}</head><body>about us</body>")


@app.get("/news")
@realtime.subscribes("news")
def news():
    return render_template_string("<head>{{ realtime_script() }}</head><body>news</body>")


@app.post("/send/<path:channel>")
def send(channel):
    realtime.push(request.get_json(), channel)
    return "", 204


@app.post("/tell/<user>")
def tell(user):
    realtime.to_user(user).push(request.get_json())
    return "", 204


@app.post("/delete/<user>")
def delete(user):
    deleted.add(user)
    realtime.user(user).disconnect()
    return "", 204


@app.get("/inbox")
@flask_login.login_required
def inbox():
    realtime.socket.subscribe(f"inbox:{flask_login.current_user.id}")
    return render_template_string("<head>{{ realtime_script() }}</head><body>inbox</body>")


@app.get("/bare")
@flask_login.login_required
def bare():
    return "<body>A page that hears nothing, for a client of the app's own.</body>"


@app.get("/me")
@realtime.allow_calls
def me():
    return {"user": flask_login.current_user.get_id(), "cart": session.get("cart")}


def be_held_back():
    folder = pathlib.Path(os.environ["HOLD"])
    (folder / "arrived").touch()
    while not (folder / "go").exists():
        time.sleep(0.01)


@app.get("/late")
@flask_login.login_required
def late():
    be_held_back()
    return inbox()


@app.post("/login")
def log_in():
    flask_login.login_user(User(request.values["user"]), remember="remember" in request.values)
    return redirect("/inbox")


@app.post("/password")
@flask_login.login_required
def change_password():
    if request.values["password"] != "old":
        return "That is not your password.", 403
    realtime.socket.disconnect(everywhere=True)
    flask_login.login_user(flask_login.current_user._get_current_object())
    return redirect("/inbox")


@app.post("/logout")
@realtime.allow_calls
def log_out():
    flask_login.logout_user()
    return redirect("/login")


@app.post("/leave")
@realtime.allow_calls
def leave():
    session.clear()
    flask_login.logout_user()
    return "", 204


@app.post("/renew")
@realtime.allow_calls
def renew():
    flask_login.logout_user()
    app.session_interface.regenerate(session)
    return "", 204


@app.post("/cart")
@realtime.allow_calls
def fill_cart():
    if "held" in request.values:
        be_held_back()
    session["cart"] = [*session.get("cart", ()), request.values["item"]]
    return "", 204


@app.post("/clear")
@realtime.allow_calls
def clear():
    session.clear()
    return "", 204


@app.post("/ban/<user>")
def ban(user):
    realtime.user(user).disconnect()
    return "", 204
