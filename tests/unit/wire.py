"""The golden messages of tests/wire, one by one."""

import json
from pathlib import Path

import pytest

_FOLDER = Path(__file__).parents[1] / "wire"


def golden(name, **where):
    """Parametrise a test over the messages of one file, by default all of them."""
    messages = json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    messages = [one for one in messages if all((key in one) is has for key, has in where.items())]
    return pytest.mark.parametrize("message", messages, ids=[one["name"] for one in messages])
