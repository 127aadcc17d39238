"""gunicorn's configuration for serve.py: tell it which workers come and go."""

import os

NEWS = int(os.environ["DEMO_NEWS"])  # the end of a pipe


def on_starting(server):
    # It supposes that memory ran out, and we have just asked people to kill a worker.
    server.log.error_log.addFilter(lambda record: "was sent SIGKILL" not in record.getMessage())


def post_worker_init(worker):
    tell("up", worker)


def child_exit(server, worker):
    tell("down", worker)


def tell(event, worker):
    os.write(NEWS, f"{event} {worker.pid}\n".encode())
