"""An app with accounts: users have an inbox and rooms, can be put out of rooms, and banned."""

import json
import os
import pathlib
import time

from flask import Flask, Response, flash, redirect, render_template_string, request, session

from flask_realtime import Realtime

app = Flask(__name__)
app.secret_key = os.environ.get("SECRET", "a secret of the tests")
app.config["SECRET_KEY_FALLBACKS"] = json.loads(os.environ.get("FALLBACKS", "[]"))
app.config.update(
    {key: json.loads(value) for key, value in os.environ.items() if key.startswith("REALTIME_")}
)
KEPT_BY = os.environ.get("KEPT_BY", "cookie")
if KEPT_BY != "cookie":
    from cachelib import FileSystemCache
    from flask_session import Session
    from redis import Redis

    app.config["SESSION_TYPE"] = "redis" if KEPT_BY == "valkey" else "cachelib"
    if KEPT_BY == "valkey":
        app.config["SESSION_REDIS"] = Redis.from_url(app.config["REALTIME_REDIS"])
    else:
        app.config["SESSION_CACHELIB"] = FileSystemCache(os.environ["SESSIONS"])
    Session(app)
realtime = Realtime(app)
# The folder by which a test holds back handshakes and views.
HOLD = os.environ.get("HOLD")

if not os.environ.get("SAYS_NOTHING"):

    @realtime.identify
    def who():
        return session.get("user")


@app.before_request
def hold_handshake():
    if HOLD and request.endpoint == "realtime.socket" and "held" in request.args:
        hold()


def hold():
    pathlib.Path(HOLD, "arrived").touch()
    while not pathlib.Path(HOLD, "go").exists():
        time.sleep(0.01)


@app.get("/")
def index():
    return render_template_string("<head>{{ realtime_script() }}</head><body>welcome</body>")


@app.get("/inbox")
def inbox():
    if "user" not in session:
        return "Log in first.", 403
    realtime.socket.subscribe(f"inbox:{session['user']}")
    return render_template_string("<head>{{ realtime_script() }}</head><body>inbox</body>")


@app.get("/rooms/<room>")
def room(room):
    realtime.socket.subscribe(f"room:{room}")
    own = "{{ realtime_connection_id() }}" if "own" in request.args else ""
    body = f"<body>{{{{ room }}}}{own}</body>"
    return render_template_string("<head>{{ realtime_script() }}</head>" + body)


@app.post("/join/<room>")
@realtime.allow_calls
def join(room):
    realtime.socket.subscribe(f"room:{room}")
    hold()
    return "", 204


@app.post("/leave/<room>")
def leave(room):
    realtime.socket.unsubscribe(f"room:{room}")
    return "", 204


@realtime.handler("join")
def join_by_message(room):
    join(room)


@app.post("/knock/<room>")
@realtime.allow_calls
def knock(room):
    # Here an app looks whether the user is a member of the room.
    hold()
    realtime.socket.subscribe(f"room:{room}")
    return "", 204


@realtime.handler("knock")
def knock_by_message(room):
    knock(room)


@realtime.handler("fill")
def fill_the_cart(cart):
    session["cart"] = cart
    hold()


@realtime.handler("me")
def tell_me(_):
    return me()


@realtime.handler("look")
def look(_):
    hold()
    return me()


@app.teardown_request
def note_end(error):
    if HOLD and request.endpoint in ("realtime.message.fill", "realtime.message.look"):
        pathlib.Path(HOLD, "done").touch()


@app.get("/late/<room>")
def late(room):
    hold()
    realtime.socket.subscribe(*(f"room:{one}" for one in [room, *request.args.getlist("also")]))
    return render_template_string("<head>{{ realtime_script() }}</head><body>{{ room }}</body>")


@app.post("/anew/<room>")
def anew(room):
    realtime.user(session["user"]).disconnect()
    realtime.user(session["user"]).unsubscribe(f"room:{room}")
    realtime.socket.subscribe(f"room:{room}")
    return render_template_string("<head>{{ realtime_script() }}</head><body>{{ room }}</body>")


@app.post("/login")
def log_in():
    if KEPT_BY != "cookie":
        app.session_interface.regenerate(session)
    if "held" in request.values:
        hold()
    session.permanent = bool(os.environ.get("PERMANENT"))
    session["user"] = request.values["user"]
    session["name"] = request.values.get("name", "nobody")
    return redirect("/inbox")


@app.get("/as/<user>")
def log_in_and_show(user):
    session["user"] = user
    return inbox()


@app.post("/become/<user>")
def become(user):
    realtime.socket.subscribe("news")
    return log_in_and_show(user)


@app.post("/become-and-tell/<user>")
def become_and_tell(user):
    realtime.socket.subscribe("news")
    session["user"] = user
    return {"page": realtime.socket.connection_id, "again": realtime.socket.connection_id}


@app.post("/login-slowly")
def log_in_slowly():
    session["user"] = request.values["user"]
    answer = [lambda: "welcome", hold]
    return Response(part() or "" for part in answer)


@app.post("/logout")
def log_out():
    session.pop("user", None)
    session.pop("name", None)
    return redirect("/")


@app.post("/clear")
def clear():
    session.clear()
    return redirect("/")


@app.post("/logout-everywhere")
def log_out_everywhere():
    realtime.socket.disconnect(everywhere=True)
    session.pop("user", None)
    return redirect("/")


@app.post("/password")
def change_password():
    if session.pop("must_change", None):
        flash("Your password is changed.")
    realtime.socket.disconnect(everywhere=True)
    return redirect("/inbox")


@app.post("/must-change")
def have_password_changed():
    session["must_change"] = True
    return "", 204


@realtime.handler("password")
def change_password_by_message(_):
    change_password()


@realtime.handler("renew")
def renew_session_by_message(_):
    renew_session()


@app.post("/renew")
def renew_session():
    user = session["user"]
    session.clear()
    session["user"] = user
    return redirect("/inbox")


@app.post("/rotate")
def rotate():
    app.session_interface.regenerate(session)
    return "", 204


@app.get("/me")
def me():
    return {"user": session.get("user"), "name": session.get("name")}


@app.get("/must-change")
def must_change():
    return json.dumps("must_change" in session)


@app.get("/cart")
def show_cart():
    return session["cart"]


@app.post("/cart")
def cart():
    session["cart"] = request.values["cart"]
    return "", 204


@app.post("/whisper/<path:channel>")
def whisper(channel):
    realtime.to(channel, ephemeral=True).push(request.get_json())
    return "", 204


@app.post("/send/<path:channel>")
def send(channel):
    realtime.push(request.get_json(), channel)
    return "", 204


@app.post("/tell/<user>")
def tell(user):
    realtime.to_user(user).push(request.get_json())
    return "", 204


@app.post("/ban/<user>")
def ban(user):
    realtime.user(user).disconnect()
    return "", 204


@app.post("/close-account")
@realtime.allow_calls
def close_account():
    realtime.user(session["user"]).disconnect()
    return log_out()


@app.post("/kick/<user>/<room>")
def kick(user, room):
    realtime.user(user).unsubscribe(f"room:{room}")
    return "", 204
