"""A case: what is to be estimated, of which map, and where."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Optional

from ._linalg import Matrix, Vector
from ._numbers import decode
from ._problems import LeastSquares, Problem, Products, read_problem


@dataclass(frozen=True)
class Case:
    """What one call of an implementation is asked.

    All lists are made for this call alone; a callable may change them as it likes. Which fields are
    there depends on the method, as the protocol says; the others are `None`, and lists of steps and
    samples empty.
    """

    #: The name of the case, under which it can be asked again.
    id: str
    #: itd, aid-fp, aid-cg, implicit, nsid, sid or hypergradient.
    method: str
    #: The map Φ, by family.
    problem: Problem
    #: λ (m numbers).
    lambda_: Vector
    #: Where ITD starts (d numbers), a constant; for `implicit`: find the fixed point from here.
    w0: Optional[Vector]
    #: Where to differentiate (d numbers).
    w: Optional[Vector]
    #: Points w_0, w_1, ... at which ITD is to linearise instead of running Φ.
    path: Optional[list[Vector]]
    #: y (d numbers): the estimates are Dᵀy. `None` for hypergradients and for D itself.
    cotangent: Optional[Vector]
    #: Strictly increasing numbers of steps after which an estimate is wanted; empty for implicit.
    steps: list[int]
    #: "jacobian" where D itself is wanted, as d rows of m numbers.
    want: Optional[str]
    #: The method behind a hypergradient: itd or aid-fp.
    inner: Optional[str]
    #: The outer objective of a hypergradient.
    objective: Optional[LeastSquares]
    #: The minibatches (0-based rows) over which NSID and SID average w̄ and ∂₂T̂.
    inner_samples: list[list[int]]
    #: One minibatch for every update of v.
    samples: list[list[int]]
    #: One step size for every update of v.
    step_sizes: Vector

    @property
    def dim(self) -> int:
        """The length d of w."""
        return self.problem.dim

    @property
    def params(self) -> int:
        """The length m of λ."""
        return len(self.lambda_)

    @property
    def last(self) -> int:
        """The largest number of steps that is asked for; 0 where there are none."""
        return self.steps[-1] if self.steps else 0

    def phi(self, w: Any) -> Vector:
        """Φ(w, λ) at the λ of this case."""
        return self.problem.phi(w, self.lambda_)

    def vjp(self, w: Any, u: Any) -> Products:
        """(∂₁Φ(w, λ)ᵀu, ∂₂Φ(w, λ)ᵀu)."""
        return self.problem.vjp(w, self.lambda_, u)

    def jvp(self, w: Any, dw: Any, dlambda: Any) -> Vector:
        """∂₁Φ(w, λ)·dw + ∂₂Φ(w, λ)·dλ."""
        return self.problem.jvp(w, self.lambda_, dw, dlambda)

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> Case:
        """Reads the object of a "case" message."""
        objective = message.get("objective")

        def optional(name: str) -> Any:
            given = message.get(name)
            return None if given is None else decode(given)

        def lists(name: str) -> Any:
            return json.loads(json.dumps(message.get(name) or []))

        return cls(
            id=message["id"],
            method=message["method"],
            problem=read_problem(message["problem"]),
            lambda_=decode(message["lambda"]),
            w0=optional("w0"),
            w=optional("w"),
            path=optional("path"),
            cotangent=optional("cotangent"),
            steps=lists("steps"),
            want=message.get("want"),
            inner=message.get("inner"),
            objective=None
            if objective is None
            else LeastSquares(
                decode(objective["X"]), decode(objective["y"]), decode(objective["ridge"])
            ),
            inner_samples=lists("inner_samples"),
            samples=lists("samples"),
            step_sizes=decode(message.get("step_sizes") or []),
        )


@dataclass(frozen=True)
class NotConverged:
    """Return it instead of the estimates to say that the method did not converge.

    That is a statement, and is judged as one.
    """

    estimates: Any


__all__ = ["Case", "Matrix", "NotConverged", "Vector"]
