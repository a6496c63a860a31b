"""The families of maps of the protocol, one class each.

Matrices are lists of rows. `phi`, `vjp` and `jvp` are plain Python in double precision, written for
reading rather than for speed. On a kink they take the slope 0 (of leaky-relu: 0.01); every other
choice in the range of the slopes is just as right.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Literal, Union

from ._linalg import (
    Matrix,
    Vector,
    dot,
    floats,
    plus,
    scaled,
    times,
    transposed_times,
)
from ._numbers import decode

Products = tuple[Vector, Vector]


@dataclass(frozen=True)
class Affine:
    """Φ(w, λ) = Aw + Bλ + c."""

    A: Matrix
    B: Matrix
    c: Vector
    kind: ClassVar[Literal["affine"]] = "affine"

    @property
    def dim(self) -> int:
        """The length of w."""
        return len(self.c)

    @property
    def params(self) -> int:
        """The length of λ."""
        return len(self.B[0])

    def phi(self, w: Any, lambda_: Any) -> Vector:
        """Φ(w, λ)."""
        return plus(times(self.A, floats(w)), times(self.B, floats(lambda_)), self.c)

    def vjp(self, w: Any, lambda_: Any, u: Any) -> Products:
        """(∂₁Φᵀu, ∂₂Φᵀu)."""
        u = floats(u)
        return transposed_times(self.A, u, self.dim), transposed_times(self.B, u, self.params)

    def jvp(self, w: Any, lambda_: Any, dw: Any, dlambda: Any) -> Vector:
        """∂₁Φ·dw + ∂₂Φ·dλ."""
        return plus(times(self.A, floats(dw)), times(self.B, floats(dlambda)))


@dataclass(frozen=True)
class Layer:
    """Φ(w, λ) = A σ(Vw + Bλ + c), σ one of relu, abs, leaky-relu (slope 0.01) and tanh."""

    A: Matrix
    V: Matrix
    B: Matrix
    c: Vector
    activation: str
    kind: ClassVar[Literal["layer"]] = "layer"

    @property
    def dim(self) -> int:
        """The length of w."""
        return len(self.A)

    @property
    def params(self) -> int:
        """The length of λ."""
        return len(self.B[0])

    def _inner(self, w: Any, lambda_: Any) -> Vector:
        return plus(times(self.V, floats(w)), times(self.B, floats(lambda_)), self.c)

    def phi(self, w: Any, lambda_: Any) -> Vector:
        """Φ(w, λ)."""
        return times(self.A, [_sigma(self.activation, z) for z in self._inner(w, lambda_)])

    def _slopes(self, w: Any, lambda_: Any) -> Vector:
        return [_slope(self.activation, z) for z in self._inner(w, lambda_)]

    def vjp(self, w: Any, lambda_: Any, u: Any) -> Products:
        """(∂₁Φᵀu, ∂₂Φᵀu)."""
        through = transposed_times(self.A, floats(u), len(self.c))
        through = [s * t for s, t in zip(self._slopes(w, lambda_), through)]
        by_w = transposed_times(self.V, through, self.dim)
        return by_w, transposed_times(self.B, through, self.params)

    def jvp(self, w: Any, lambda_: Any, dw: Any, dlambda: Any) -> Vector:
        """∂₁Φ·dw + ∂₂Φ·dλ."""
        inner = plus(times(self.V, floats(dw)), times(self.B, floats(dlambda)))
        return times(self.A, [s * z for s, z in zip(self._slopes(w, lambda_), inner)])


@dataclass(frozen=True)
class ElasticNet:
    """Φ(w, λ) = soft(w - η(Xᵀ(Xw - y)/n + λ₂w), ηλ₁) with λ = [λ₁, λ₂] and η = `step`."""

    X: Matrix
    y: Vector
    step: float
    kind: ClassVar[Literal["elastic-net"]] = "elastic-net"
    params: ClassVar[int] = 2

    @property
    def dim(self) -> int:
        """The length of w."""
        return len(self.X[0])

    @property
    def rows(self) -> int:
        """The number n of rows of X."""
        return len(self.X)

    def _gram(self, v: Vector) -> Vector:
        """XᵀXv/n."""
        return scaled(1.0 / self.rows, transposed_times(self.X, times(self.X, v), self.dim))

    def forward(self, w: Any, lambda_: Any) -> Vector:
        """The gradient step z = w - η(Xᵀ(Xw - y)/n + λ₂w), before the soft-threshold."""
        w, lambda_ = floats(w), floats(lambda_)
        residual = [dot(row, w) - target for row, target in zip(self.X, self.y)]
        gradient = scaled(1.0 / self.rows, transposed_times(self.X, residual, self.dim))
        return [x - self.step * (g + lambda_[1] * x) for x, g in zip(w, gradient)]

    def phi(self, w: Any, lambda_: Any) -> Vector:
        """Φ(w, λ)."""
        threshold = self.step * floats(lambda_)[0]
        z = self.forward(w, lambda_)
        return [math.copysign(max(abs(x) - threshold, 0.0), x) for x in z]

    def _signs(self, w: Any, lambda_: Any) -> Vector:
        """The sign of z where |z| exceeds the threshold, 0 elsewhere."""
        threshold = self.step * floats(lambda_)[0]
        z = self.forward(w, lambda_)
        return [math.copysign(1.0, x) if abs(x) > threshold else 0.0 for x in z]

    def vjp(self, w: Any, lambda_: Any, u: Any) -> Products:
        """(∂₁Φᵀu, ∂₂Φᵀu)."""
        w, lambda_ = floats(w), floats(lambda_)
        signs = self._signs(w, lambda_)
        u = [x if s else 0.0 for x, s in zip(floats(u), signs)]
        gram = self._gram(u)
        by_w = [x - self.step * (g + lambda_[1] * x) for x, g in zip(u, gram)]
        return by_w, [-self.step * dot(signs, u), -self.step * dot(w, u)]

    def jvp(self, w: Any, lambda_: Any, dw: Any, dlambda: Any) -> Vector:
        """∂₁Φ·dw + ∂₂Φ·dλ."""
        w, lambda_ = floats(w), floats(lambda_)
        dw, (d1, d2) = floats(dw), floats(dlambda)
        gram = self._gram(dw)
        signs = self._signs(w, lambda_)
        return [
            x - self.step * (g + lambda_[1] * x) - self.step * (s * d1 + z * d2) if s else 0.0
            for x, g, s, z in zip(dw, gram, signs, w)
        ]


@dataclass(frozen=True)
class QuadraticProgram:
    """Φ(w, λ) = clip(w - η(Qw + λ), lower, upper) with η = `step`; bounds may be infinite."""

    Q: Matrix
    lower: Vector
    upper: Vector
    step: float
    kind: ClassVar[Literal["quadratic-program"]] = "quadratic-program"

    @property
    def dim(self) -> int:
        """The length of w."""
        return len(self.lower)

    @property
    def params(self) -> int:
        """The length of λ."""
        return len(self.lower)

    def forward(self, w: Any, lambda_: Any) -> Vector:
        """The gradient step z = w - η(Qw + λ), before the projection."""
        w = floats(w)
        gradient = plus(times(self.Q, w), floats(lambda_))
        return [x - self.step * g for x, g in zip(w, gradient)]

    def phi(self, w: Any, lambda_: Any) -> Vector:
        """Φ(w, λ)."""
        z = self.forward(w, lambda_)
        return [min(max(x, lo), hi) for x, lo, hi in zip(z, self.lower, self.upper)]

    def _free(self, w: Any, lambda_: Any) -> list[bool]:
        z = self.forward(w, lambda_)
        return [lo < x < hi for x, lo, hi in zip(z, self.lower, self.upper)]

    def vjp(self, w: Any, lambda_: Any, u: Any) -> Products:
        """(∂₁Φᵀu, ∂₂Φᵀu)."""
        u = [x if free else 0.0 for x, free in zip(floats(u), self._free(w, lambda_))]
        through = transposed_times(self.Q, u, self.dim)
        return [x - self.step * g for x, g in zip(u, through)], scaled(-self.step, u)

    def jvp(self, w: Any, lambda_: Any, dw: Any, dlambda: Any) -> Vector:
        """∂₁Φ·dw + ∂₂Φ·dλ."""
        dw = floats(dw)
        inner = plus(times(self.Q, dw), floats(dlambda))
        free = self._free(w, lambda_)
        return [x - self.step * g if f else 0.0 for x, g, f in zip(dw, inner, free)]


@dataclass(frozen=True)
class Bilinear:
    """Φ(w, λ) = (A + Σ_k λ_k B_k)w + Cλ."""

    A: Matrix
    B: list[Matrix]
    C: Matrix
    kind: ClassVar[Literal["bilinear"]] = "bilinear"

    @property
    def dim(self) -> int:
        """The length of w."""
        return len(self.A)

    @property
    def params(self) -> int:
        """The length of λ."""
        return len(self.B)

    def operator(self, lambda_: Any) -> Matrix:
        """A + Σ_k λ_k B_k."""
        weights = floats(lambda_)
        return [
            [a + sum(x * b[i][j] for x, b in zip(weights, self.B)) for j, a in enumerate(row)]
            for i, row in enumerate(self.A)
        ]

    def phi(self, w: Any, lambda_: Any) -> Vector:
        """Φ(w, λ)."""
        return plus(times(self.operator(lambda_), floats(w)), times(self.C, floats(lambda_)))

    def vjp(self, w: Any, lambda_: Any, u: Any) -> Products:
        """(∂₁Φᵀu, ∂₂Φᵀu)."""
        w, u = floats(w), floats(u)
        by_lambda = [dot(times(b, w), u) for b in self.B]
        constant = transposed_times(self.C, u, self.params)
        return transposed_times(self.operator(lambda_), u, self.dim), plus(by_lambda, constant)

    def jvp(self, w: Any, lambda_: Any, dw: Any, dlambda: Any) -> Vector:
        """∂₁Φ·dw + ∂₂Φ·dλ."""
        w, dlambda = floats(w), floats(dlambda)
        out = plus(times(self.operator(lambda_), floats(dw)), times(self.C, dlambda))
        for x, b in zip(dlambda, self.B):
            out = plus(out, scaled(x, times(b, w)))
        return out


Problem = Union[Affine, Layer, ElasticNet, QuadraticProgram, Bilinear]

_FAMILIES: dict[str, type[Any]] = {
    family.kind: family for family in (Affine, Layer, ElasticNet, QuadraticProgram, Bilinear)
}

#: The families by the names of the protocol.
PROBLEMS: tuple[str, ...] = tuple(_FAMILIES)


def read_problem(message: dict[str, Any]) -> Problem:
    """The problem of a case message."""
    family = _FAMILIES[message["kind"]]
    data = {
        f.name: message[f.name] if f.name == "activation" else decode(message[f.name])
        for f in fields(family)
    }
    problem: Problem = family(**data)
    return problem


@dataclass(frozen=True)
class LeastSquares:
    """The outer objective E(w, λ) = ‖Xw - y‖²/(2n) + ½·ridge·‖λ‖²."""

    X: Matrix
    y: Vector
    ridge: float
    kind: str = field(default="least-squares", init=False)

    def value(self, w: Any, lambda_: Any) -> float:
        """E(w, λ)."""
        w, lambda_ = floats(w), floats(lambda_)
        residual = [dot(row, w) - target for row, target in zip(self.X, self.y)]
        return dot(residual, residual) / (2 * len(self.X)) + self.ridge * dot(lambda_, lambda_) / 2

    def gradients(self, w: Any, lambda_: Any) -> Products:
        """(∇₁E, ∇₂E)."""
        w = floats(w)
        residual = [dot(row, w) - target for row, target in zip(self.X, self.y)]
        by_w = scaled(1.0 / len(self.X), transposed_times(self.X, residual, len(w)))
        return by_w, scaled(self.ridge, floats(lambda_))


def _sigma(activation: str, z: float) -> float:
    if activation == "relu":
        return max(z, 0.0)
    if activation == "abs":
        return abs(z)
    if activation == "leaky-relu":
        return z if z > 0 else 0.01 * z
    return math.tanh(z)


def _slope(activation: str, z: float) -> float:
    if activation == "relu":
        return 1.0 if z > 0 else 0.0
    if activation == "abs":
        return 0.0 if z == 0 else math.copysign(1.0, z)
    if activation == "leaky-relu":
        return 1.0 if z > 0 else 0.01
    return 1.0 - math.tanh(z) ** 2
