"""A long job, which says how far it is; as a program: job.py REDIS_URL CHANNEL"""

import os
import sys
import threading
import time

STEPS = ("Reading", "Sorting", "Counting", "Drawing", "Writing")
PARTS = 20


def work(push, channel):
    """Do nothing useful for ten seconds, and *push* each part of it down *channel*."""
    total = len(STEPS) * PARTS
    where = f"process {os.getpid()}, {threading.current_thread().name}"
    for number in range(total):
        time.sleep(0.1)
        step = STEPS[number // PARTS]
        push({"step": step, "done": (number + 1) / total, "where": where}, channel)


if __name__ == "__main__":
    from flask_realtime import Publisher

    url, channel = sys.argv[1:]
    with Publisher(url) as publisher:
        work(publisher.push, channel)
