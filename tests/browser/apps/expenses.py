"""Shared expenses: a strict policy and https by Talisman, limits by Limiter, below a prefix."""

import json
import os
from contextlib import suppress

from flask import Flask, redirect, render_template, request, session, url_for
from flask_limiter import Limiter
from flask_sqlalchemy import SQLAlchemy
from flask_talisman import Talisman
from flask_wtf import CSRFProtect
from jinja2 import DictLoader
from sqlalchemy.exc import OperationalError
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_realtime import Realtime

app = Flask(__name__)
app.secret_key = "a secret of the tests"
app.config.update(
    {key: json.loads(value) for key, value in os.environ.items() if key.startswith("REALTIME_")},
    SQLALCHEMY_DATABASE_URI=f"sqlite:///{os.environ['DATABASE']}",
)
app.wsgi_app = ProxyFix(app.wsgi_app, x_host=1, x_prefix=1)
app.jinja_loader = DictLoader(
    {
        "expense": "<li id='{{ one.id }}'>{{ one.payer }} paid {{ one.amount }}</li>",
        "group": """<!doctype html><link rel="icon" href="data:,"><title>Expenses</title>
{{ realtime_script(nonce=csp_nonce()) }}
<body>
<p data-realtime-block="balance" data-realtime-on="expenses">{% block balance
%}{{ me }}: {{ balance }}{% endblock %}</p>
<ul id="expenses">{% for one in expenses %}{% include "expense" %}{% endfor %}</ul>
<form method="post" action="{{ url_for('add') }}" data-realtime>
<input type="hidden" name="csrf_token" value="{{ csrf_token() }}">
<input name="amount"><button>add</button></form>
<script nonce="{{ csp_nonce() }}">
  window.refused = [];
  document.addEventListener("realtime:error", (event) => {
    event.preventDefault();
    refused.push(event.detail.status);
  });
</script></body>""",
    }
)
db = SQLAlchemy(app)
CSRFProtect(app)
Talisman(
    app,
    content_security_policy={"default-src": "'none'", "connect-src": "'self'", "script-src":
    "'strict-dynamic'", "img-src": "data:", "form-action": "'self'", "base-uri": "'none'"},
    content_security_policy_nonce_in=["script-src"],
)  # fmt: skip
limiter = Limiter(
    lambda: session.get("name", "nobody"),
    app=app,
    storage_uri=os.environ["LIMITS"],
    key_prefix=os.environ["REALTIME_REDIS_PREFIX"],
    default_limits=["12/day"],
)
realtime = Realtime(app)


class Expense(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    payer = db.Column(db.String)
    amount = db.Column(db.Integer)


# Of several workers that start at once, one creates the tables.
with app.app_context(), suppress(OperationalError):
    db.create_all()


@app.get("/begin-anew")
@limiter.exempt
def begin_anew():
    """Forget all expenses, and what was counted for the limits."""
    Expense.query.delete()
    db.session.commit()
    limiter.reset()
    return "", 204


@app.get("/as/<name>")
@limiter.exempt
def enter(name):
    session["name"] = name
    return redirect(url_for("group"))


@app.get("/")
@limiter.exempt
@realtime.subscribes("expenses")
def group():
    expenses, me = Expense.query.all(), session["name"]
    paid = sum(one.amount for one in expenses if one.payer == me)
    balance = paid - sum(one.amount for one in expenses) // 2
    return render_template("group", expenses=expenses, me=me, balance=balance)


@app.post("/expenses")
@limiter.limit("3/day")
@realtime.allow_calls
def add():
    one = Expense(payer=session["name"], amount=int(request.form["amount"]))
    db.session.add(one)
    db.session.flush()
    shared = realtime.to("expenses", after_commit=db.session)
    shared.append("#expenses", "expense", one=one)
    shared.refresh()
    db.session.commit()
    return "", 204


@realtime.handler("remind")
def remind(name):
    return f"reminded {name}"


@realtime.handler("thank")
def thank(name):
    return f"thanked {name}"
