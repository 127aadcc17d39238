"""An app whose work is done by Celery: its views and its tasks, in processes of their own."""

import json
import os
from contextlib import suppress

from celery import Celery, Task
from flask import Flask, render_template_string
from flask_sqlalchemy import SQLAlchemy
from jinja2 import DictLoader
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Mapped, mapped_column

from flask_realtime import Realtime

app = Flask(__name__)
app.config.update(
    {key: json.loads(value) for key, value in os.environ.items() if key.startswith("REALTIME_")},
    SECRET_KEY="a secret of the tests",
    SQLALCHEMY_DATABASE_URI=f"sqlite:///{os.environ['DATABASE']}",
)
app.jinja_loader = DictLoader({"row.html": "<li id=row{{ job.id }}>{{ job.state }}</li>"})
realtime = Realtime(app)
database = SQLAlchemy(app)


class Job(database.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str]


class InApp(Task):
    """A Celery task as in Flask's documentation: it runs in an app context, without a request."""

    def __call__(self, *args, **kwargs):
        with app.app_context():
            return self.run(*args, **kwargs)


queue = Celery(app.name, task_cls=InApp, broker=os.environ["BROKER"])
queue.conf.update(
    task_ignore_result=True,
    broker_connection_retry_on_startup=True,
    broker_transport_options={"global_keyprefix": f"{os.environ['QUEUE']}:"},
    task_default_queue=os.environ["QUEUE"],
)
realtime.refresh_on_commit(Job, "jobs")

# Of several processes that start at once, one creates the tables.
with app.app_context(), suppress(OperationalError):
    database.create_all()


@app.get("/")
@realtime.subscribes("jobs")
def index():
    return render_template_string("<body></body>")


@app.post("/jobs/<int:number>/<ending>")
def begin(number, ending):
    work.delay(number, ending)
    return "", 202


@queue.task
def work(number, ending):
    """Write a row and push about it; a push behind the commit is dropped with the transaction."""
    job = Job(id=number, state="done")
    database.session.add(job)
    database.session.flush()
    behind = realtime.to("jobs", after_commit=database.session)
    behind.append("#jobs", "row.html", job=job)
    behind.push({"written": number})
    realtime.push({"begun": number}, "jobs")
    if ending == "rollback":
        database.session.rollback()
        realtime.push({"undone": number}, "jobs")
    else:
        database.session.commit()
        realtime.push({"ended": number}, "jobs")
