"""The little linear algebra that `Case.phi`, `.vjp` and `.jvp` need, on plain lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ._numbers import flat

Vector = list[float]
Matrix = list[list[float]]


def times(matrix: Sequence[Sequence[float]], v: Sequence[float]) -> Vector:
    """A·v."""
    return [dot(row, v) for row in matrix]


def transposed_times(matrix: Sequence[Sequence[float]], u: Sequence[float], columns: int) -> Vector:
    """Aᵀ·u; `columns` says how long the result is where A has no rows."""
    out = [0.0] * columns
    for row, scale in zip(matrix, u):
        for j, entry in enumerate(row):
            out[j] += entry * scale
    return out


def dot(a: Sequence[float], b: Sequence[float]) -> float:
    """The inner product."""
    total = 0.0
    for x, y in zip(a, b):
        total += x * y
    return total


def plus(*vectors: Sequence[float]) -> Vector:
    """The sum of vectors of equal length."""
    return [sum(entries) for entries in zip(*vectors)]


def scaled(scale: float, v: Sequence[float]) -> Vector:
    """scale·v."""
    return [scale * x for x in v]


def floats(v: Any) -> Vector:
    """A vector given as an array or a sequence."""
    return flat(v, "the vector")
