"""Prints pip constraints with the lowest version of everything that setup.cfg allows.

``make test-lowest`` runs the suite with these versions. Upper bounds and excluded versions are not
printed.
"""

from __future__ import annotations

import configparser
import pathlib
import re

SETTINGS = pathlib.Path(__file__).parents[1] / "setup.cfg"


def lower_bounds(text: str) -> list[str]:
    """Return pip constraints with the lowest versions that requirements allow.

    :param text: requirements, one a line.

    >>> lower_bounds("flask>=2.3.3\\nredis>=5.0,!=8.0.*\\npackaging")
    ['flask==2.3.3', 'redis==5.0']
    """
    found = [re.match(r"([\w-]+)(?:\[.*])?[^#;]*?>=([\w.]+)", line) for line in text.splitlines()]
    return [f"{one[1]}=={one[2]}" for one in found if one]


def main() -> None:
    """Print the constraints for the package's own requirements and for gunicorn."""
    settings = configparser.ConfigParser()
    settings.read(SETTINGS)
    requirements = settings["options"]["install_requires"]
    print(*lower_bounds(requirements + settings["options.extras_require"]["gunicorn"]), sep="\n")


if __name__ == "__main__":
    main()
