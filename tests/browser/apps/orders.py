"""An app with orders in a database: two blocks show them, and a form adds one with an empty
response."""

from flask import Flask, render_template_string, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Column, Integer, String
from sqlalchemy.pool import StaticPool

from flask_realtime import Realtime

PAGE = """<!doctype html>
<html lang="en">
<head><title>Orders</title><link rel="icon" href="data:,">{{ realtime_script() }}</head>
<body>
<ul data-realtime-block="orders" data-realtime-on="orders">
{%- block orders %}{% for one in Order.query %}<li>{{ one.what }}</li>{% endfor %}{% endblock -%}
</ul>
<b data-realtime-block="count" data-realtime-on="orders">
{%- block count %}{{ Order.query.count() }}{% endblock -%}
</b>
<form method="post" data-realtime><input name="what"></form>
</body>
</html>
"""

app = Flask(__name__)
app.secret_key = "a secret of the tests"
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
# All threads share one connection: with SQLite in memory each connection has a database of its own.
app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"poolclass": StaticPool}
db = SQLAlchemy(app)
realtime = Realtime(app)


class Order(db.Model):
    id = Column(Integer, primary_key=True)
    what = Column(String)


realtime.refresh_on_commit(Order, "orders")
with app.app_context():
    db.create_all()


@app.get("/")
@realtime.subscribes("orders")
def show():
    return render_template_string(PAGE, Order=Order)


@app.post("/")
@realtime.allow_calls
def order():
    db.session.add(Order(what=request.form["what"]))
    db.session.commit()
    return "", 204
