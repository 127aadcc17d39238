"""An app with a log-in form that is sent over the socket; it uses Flask-Login or its own
session."""

import json
import os

from flask import Flask, redirect, render_template_string, request, session, url_for

from flask_realtime import Realtime

app = Flask(__name__)
app.secret_key = "a secret of the tests"
app.config.update(
    {key: json.loads(value) for key, value in os.environ.items() if key.startswith("REALTIME_")}
)
app.config["REALTIME_ALLOW_CALLS"] = ["index", "account", "log_in", "log_out"]
realtime = Realtime(app)

PAGE = """<!doctype html><title>{{ name }}</title><link rel="icon" href="data:,">
{{ realtime_script() }}
<script type="module">
  window.heard = [];
  realtime.on("news", (payload) => heard.push(payload));
</script>
<body><h1>{{ name or "nobody" }}</h1>
{% for then in ("", "account") %}
<form method="post" action="{{ url_for('log_in', then=then) }}" data-realtime>
<button name="name" value="ada" id="in-{{ then }}">in</button></form>{% endfor %}
<form method="post" action="{{ url_for('log_out') }}" data-realtime><button id="out">out</button>
</form>
<form method="post" action="{{ url_for('order') }}" data-realtime><button id="order">order</button>
</form>
<a id="over-the-socket" href="{{ url_for('account') }}" data-realtime>account</a>
<a id="plain" href="{{ url_for('account') }}">account</a></body>"""

if os.environ["ACCOUNTS"] == "flask-login":
    import flask_login

    login = flask_login.LoginManager(app)

    class User(flask_login.UserMixin):
        def __init__(self, name):
            self.id = name

    login.user_loader(User)
    realtime.identify(flask_login)

    def begin(name):
        flask_login.login_user(User(name))

    end = flask_login.logout_user

    def who():
        user = flask_login.current_user
        return user.id if user.is_authenticated else None

else:

    @realtime.identify
    def who():
        return session.get("name")

    def begin(name):
        session["name"] = name

    def end():
        session.pop("name", None)


@app.get("/")
@app.get("/account", endpoint="account")
@app.post("/order", endpoint="order")
def index():
    realtime.socket.subscribe("news")
    return render_template_string(PAGE, name=who())


@realtime.handler("who")
def tell_who(_):
    return {"name": who()}


@app.post("/log-in")
def log_in():
    begin(request.form["name"])
    then = request.args.get("then")
    return redirect(url_for(then)) if then else ("", 204)


@app.post("/log-out")
def log_out():
    end()
    return "", 204
