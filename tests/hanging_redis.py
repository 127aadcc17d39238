"""A Redis that hangs."""

import contextlib
import os
import signal


@contextlib.contextmanager
def while_redis_hangs(client):
    """Have the Redis of *client* answer nobody within the ``with`` block: its process is stopped.

    :param client: a client of redis-py.
    """
    process = client.info("server")["process_id"]
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)
