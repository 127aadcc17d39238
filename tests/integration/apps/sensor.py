"""An app with a thread that pushes from its import on, such as a sensor, a queue or a clock."""

import sys
import threading
import time
import traceback

from flask import Flask, render_template_string

from flask_realtime import Realtime

app = Flask(__name__)
app.config["SECRET_KEY"] = "a secret of the tests"
realtime = Realtime(app)


@app.get("/")
def index():
    realtime.socket.subscribe("measured")
    return render_template_string("<body>{{ realtime_script() }}")


def measure():
    count = 0
    while True:
        try:
            realtime.push(count, "measured")
        except Exception:
            traceback.print_exc()
            return
        count += 1
        time.sleep(0.05)


threading.Thread(target=measure, daemon=True).start()

if __name__ == "__main__":
    app.run(port=int(sys.argv[1]))
