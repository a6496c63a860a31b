"""Numbers on their way to and from the protocol.

Arrays of any library are accepted by what they can do: whatever has `tolist()`, and sequences of
whatever has `__float__`. Nothing is judged here, NaN and infinities least of all: they are sent by
name, and the program says what it thinks of them.
"""

from __future__ import annotations

import math
from typing import Any, Union

from ._errors import Error

Json = Any
Nested = Union[float, list["Nested"]]

_NAMES = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def nested(value: Any, what: str = "the value") -> Nested:
    """An array, a scalar or nested sequences of either as plain floats in plain lists."""
    if isinstance(value, float):
        return float(value)
    if isinstance(value, (str, bytes, dict, set, frozenset, complex)) or value is None:
        raise TypeError(f"{what} must be numbers in arrays or sequences, got {_shown(value)}")
    if hasattr(value, "tolist"):
        plain = value.tolist()
        # An object array hands out what it holds; anything else hands out Python numbers.
        if plain is not value:
            return nested(plain, what)
    if hasattr(value, "__float__"):
        return float(value)
    try:
        items = list(value)
    except TypeError:
        raise TypeError(
            f"{what} must be numbers in arrays or sequences, got {_shown(value)}"
        ) from None
    return [nested(item, what) for item in items]


def flat(value: Any, what: str = "the value") -> list[float]:
    """All numbers of an array of any shape, in row-major order; a scalar is one number."""
    plain = nested(value, what)
    if not isinstance(plain, list):
        return [plain]
    return [number for entry in plain for number in flat(entry, what)]


def estimates(value: Any, single: bool, what: str) -> Nested:
    """What a callable returned, as a list with one estimate per step.

    A scalar in the place of a vector is a vector of one number. Where a single estimate is wanted
    it need not stand in a list. Shapes that do not fit are passed on: the program names them.
    """
    plain = nested(value, what)
    if not isinstance(plain, list):
        plain = [plain]
    if single and not any(isinstance(entry, list) for entry in plain):
        return [plain]
    return [entry if isinstance(entry, list) else [entry] for entry in plain]


def encode(value: Any) -> Json:
    """The same with the names that JSON needs for what is not finite."""
    if isinstance(value, list):
        return [encode(item) for item in value]
    if math.isfinite(value):
        return value
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def decode(value: Json) -> Any:
    """Numbers and lists of a message as floats; the three names are numbers."""
    if isinstance(value, list):
        return [decode(item) for item in value]
    if isinstance(value, str):
        if value not in _NAMES:
            raise Error(f"expected a number, got {value!r}")
        return _NAMES[value]
    return float(value)


def _shown(value: Any) -> str:
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 60 else text[:57] + '...'}"
