"""A board of cards for several people; it changes by itself, and works without JavaScript."""

from contextlib import suppress

from flask import Flask, flash, redirect, render_template, request, session, url_for
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError
from models import COLUMNS, Card, db
from sqlalchemy.exc import OperationalError

from flask_realtime import Realtime

app = Flask(__name__)
app.config.from_mapping(
    SECRET_KEY="change me",
    SESSION_COOKIE_SAMESITE="Lax",
    SQLALCHEMY_DATABASE_URI="sqlite:///board.sqlite",
    WTF_CSRF_TIME_LIMIT=None,  # a board stays open for longer than the hour that is the default
)
# FLASK_REALTIME_REDIS=redis://localhost:6379/0 is all that several processes need.
app.config.from_prefixed_env()
db.init_app(app)
csrf = CSRFProtect(app)
realtime = Realtime(app)

# The one line that makes the board live: whatever commits a change of a card refreshes the block.
realtime.refresh_on_commit(Card, "board")

# Of several workers that start at once, one creates the tables.
with app.app_context(), suppress(OperationalError):
    db.create_all()


@app.errorhandler(CSRFError)
def begin_again(error):
    """Answers the form of a page whose session has ended since: its token is void."""
    if realtime.is_socket_request:
        return error
    flash("That page was too old, and nothing was changed. Please try again.")
    return redirect(url_for("show"))


@app.get("/")
@realtime.subscribes("board")
def show():
    return render("board.html")


@app.post("/name")
def name():
    if given := request.form["name"].strip()[:40]:
        session["name"] = given
    return redirect(url_for("show"))


@app.post("/cards")
@realtime.allow_calls
def add():
    if (text := request.form["text"].strip()[:200]) and "name" in session:
        card = Card(text=text, owner=session["name"])
        db.session.add(card)
        card.move_to("todo", 0)
        db.session.commit()
    return answer()


@app.post("/cards/<int:card_id>/move")
@realtime.allow_calls
def move(card_id):
    card = db.get_or_404(Card, card_id)
    column = request.form["column"]
    if column in COLUMNS:
        card.move_to(column, request.form.get("place", 0, int))
        db.session.commit()
    return answer()


@app.post("/cards/<int:card_id>/delete")
@realtime.allow_calls
def delete(card_id):
    card = db.get_or_404(Card, card_id)
    if card.owner == session.get("name"):
        db.session.delete(card)
        db.session.commit()
    return answer()


def answer():
    """The cards for a form that came over the socket, and a redirect for any other."""
    return render("_cards.html") if realtime.is_socket_request else redirect(url_for("show"))


def render(template):
    cards = {column: Card.of(column) for column in COLUMNS}
    return render_template(template, cards=cards, columns=COLUMNS, me=session.get("name"))
