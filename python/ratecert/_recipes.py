"""Problems of many unknowns by formula, as vectors give them: dyadic entries, indices from 0."""

from __future__ import annotations

from typing import Any

from ._linalg import Matrix


def problem(recipe: str, d: int) -> dict[str, Any]:
    """The problem of a recipe written out, as the object of a message."""
    b = [[(i % 5 - 2) / 4, (i % 3 - 1) / 2] for i in range(d)]
    c = [(i % 7 - 3) / 8 + 1 / 64 for i in range(d)]
    if recipe == "banded-affine":
        return {"kind": "affine", "A": _banded(d, -0.125, 0.5, 0.25), "B": b, "c": c}
    if recipe in ("banded-relu", "banded-tanh"):
        return {
            "kind": "layer",
            "A": _banded(d, 0.0, 0.5, 0.25),
            "V": _banded(d, -0.25, 1.0, 0.0),
            "B": b,
            "c": c,
            "activation": recipe[len("banded-") :],
        }
    if recipe == "banded-net":
        y = [2.0 * (i % 5 - 2) for i in range(d)]
        return {"kind": "elastic-net", "X": _banded(d, 0.0, 8.0, 2.0), "y": y, "step": 0.5}
    if recipe == "banded-box":
        q = _banded(d, 0.5, 2.0, 0.5)
        bounds = {"lower": [-0.5] * d, "upper": [0.5] * d}
        return {"kind": "quadratic-program", "Q": q, **bounds, "step": 0.25}
    raise KeyError(recipe)


def _banded(d: int, below: float, on: float, above: float) -> Matrix:
    out = [[0.0] * d for _ in range(d)]
    for i in range(d):
        out[i][i] = on
        if i + 1 < d:
            out[i][i + 1], out[i + 1][i] = above, below
    return out
