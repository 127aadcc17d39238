"""JSON texts are read as browsers read them."""

import math

import pytest

from flask_realtime.protocol.json_texts import (
    InfiniteNumber,
    holds_infinity,
    is_encodable,
    read_json,
)


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", '{"a": -Infinity}', "1 2", "\x0b1", "01"])
def test_what_is_no_json_is_refused(text):
    """What Python writes and reads besides JSON is refused, as is what stands behind a value."""
    with pytest.raises(ValueError):
        read_json(text)


@pytest.mark.parametrize("text", ["1e309", "-1E400", "[1.5, 1e0999]", "9" * 309 + ".0"])
def test_number_that_is_too_large_is_refused_where_it_has_to_be_finite(text):
    """A message may hold no number that becomes infinite; what an app answers may."""
    with pytest.raises(InfiniteNumber, match=r"e|E|999"):
        read_json(text, is_finite=True)

    assert holds_infinity(read_json(text))


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e308", 1e308), ("1e-999", 0.0), (" 1.5\n", 1.5), ("1" + "0" * 400, 10**400)],
)
def test_number_that_is_finite_is_read(text, value):
    """Numbers up to the largest one, down to the smallest, and whole ones of any size are read."""
    assert read_json(text, is_finite=True) == value
    assert not holds_infinity(value)


def test_half_of_a_surrogate_pair_cannot_be_encoded():
    """A text with half of a character is JSON, and cannot be sent as UTF-8."""
    assert is_encodable({"a": ["ä😀", math.pi]})
    assert not is_encodable({"a": [read_json('"\\ud83d"')]})
