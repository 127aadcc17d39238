"""JSON texts of clients and of the app, read as browsers read them."""

from __future__ import annotations

import json
from contextlib import nullcontext
from math import isfinite
from typing import Any, NoReturn

from ..threads.garbage_collector import without_garbage_collector

# RFC 8259, section 2: what may stand around a JSON text.
_WHITE_SPACE = " \t\n\r"
# A text of so many characters holds so few values that the garbage collector does not run for them.
_SHORT = 1024


class InfiniteNumber(ValueError):
    """A number such as 1e999 is JSON, but Python reads it as infinity, which JSON does not have."""


def read_json(text: str, is_finite: bool = False) -> Any:
    """Return the value of a JSON text, in which there is no NaN and no infinity (RFC 8259).

    :param is_finite: whether a number with too large an exponent is refused.
    :raises InfiniteNumber: for such a number; the error is the number's text.
    :raises ValueError: if *text* is no JSON.
    :raises RecursionError: if its values are nested too deeply.
    """
    text = text.strip(_WHITE_SPACE)
    # A short text is read before the collector could be turned off.
    with nullcontext() if len(text) < _SHORT else without_garbage_collector():
        # Not decode(), which looks for white space by regular expressions.
        value, end = (_finite_decoder if is_finite else _decoder).raw_decode(text)
    if end != len(text):
        raise json.JSONDecodeError("Extra data", text, end)
    return value


def is_encodable(value: Any) -> bool:
    """Return whether *value*, which was parsed from JSON, can be sent as UTF-8.

    Half of a surrogate pair cannot: ``"\\ud83d"`` is valid JSON, but not a text.
    """
    if isinstance(value, str) and value.isascii():
        return True
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except (UnicodeEncodeError, RecursionError):
        return False
    return True


def holds_infinity(value: Any) -> bool:
    """Return whether *value*, which was parsed from JSON, has a number that is infinite."""
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return True
    except RecursionError:
        return False
    return False


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"there is no {constant} in JSON")


def _read_finite(digits: str) -> float:
    number = float(digits)
    if not isfinite(number):
        raise InfiniteNumber(digits)
    return number


# Made once: json.loads would make a decoder for each message, in a third of the reading time.
_decoder = json.JSONDecoder(parse_constant=_refuse_constant)
# Takes 0.1 us for each number with a fraction or an exponent, and nothing for what has none. To
# look through the text for exponents takes longer than to read it.
_finite_decoder = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_read_finite)
