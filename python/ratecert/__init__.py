"""Certify implementations of nonsmooth implicit differentiation.

    import ratecert
    result = ratecert.certify(aid_fp=my_aid, implicit=my_solver, tolerance=1e-10)
    print(result)
    result.raise_on_failure()

Every callable gets a `Case` and returns one vector per step. What is judged, by which check and
with which floor, is decided by the program `ratecert`, which this package starts; nothing is judged
here.
"""

from __future__ import annotations

from ._case import Case, NotConverged
from ._certify import certify, check_map
from ._errors import Error, Failed, Skip
from ._maps import Drawn, Hypergradient, Map, Outer, Samples
from ._problems import (
    Affine,
    Bilinear,
    ElasticNet,
    Layer,
    LeastSquares,
    Problem,
    QuadraticProgram,
)
from ._result import Result, Verdict
from ._serve import serve
from ._subject import Subject
from ._vectors import Vector, cases

__all__ = [
    "certify",
    "check_map",
    "serve",
    "cases",
    "Subject",
    "Map",
    "Hypergradient",
    "Drawn",
    "Samples",
    "Outer",
    "Case",
    "NotConverged",
    "Skip",
    "Result",
    "Verdict",
    "Vector",
    "Error",
    "Failed",
    "Problem",
    "Affine",
    "Layer",
    "ElasticNet",
    "QuadraticProgram",
    "Bilinear",
    "LeastSquares",
]
