"""A subject: callables with what they say of themselves. Owns what hello says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Optional

from ._case import Case
from ._errors import Error
from ._maps import Map
from ._problems import PROBLEMS

#: An implementation of a method: a case in, one vector of m numbers per step out (for `implicit`
#: one vector in all, for Jacobians one matrix of d rows per step).
Method = Callable[[Case], Any]


@dataclass(frozen=True)
class Subject:
    """An implementation to be judged: at least one callable, or a map of its own.

    Every callable gets a `Case` and returns one estimate per entry of `case.steps`: an array of as
    many rows, a list of vectors, or a generator that yields them.
    """

    #: Iterative differentiation: D_tᵀy along w_{t+1} = Φ(w_t) from `case.w0`.
    itd: Optional[Method] = None
    #: Approximate implicit differentiation by fixed-point iteration, at `case.w`.
    aid_fp: Optional[Method] = None
    #: The same by conjugate gradients.
    aid_cg: Optional[Method] = None
    #: Any solver of (I - ∂₁Φᵀ)v = y; one estimate, ∂₂Φᵀv, no steps.
    implicit: Optional[Method] = None
    #: Stochastic implicit differentiation with averaged minibatches.
    nsid: Optional[Method] = None
    #: The same as published before, where T̂ is drawn inside G.
    sid: Optional[Method] = None
    #: D_tᵀ∇₁E + ∇₂E of `case.objective`, by the method `case.inner`.
    hypergradient: Optional[Method] = None
    #: ITD of which D_t itself is wanted: d rows of m numbers per step.
    itd_jacobian: Optional[Method] = None
    #: AID-FP of which D itself is wanted.
    aid_fp_jacobian: Optional[Method] = None
    #: What it is called in the report.
    name: str = "subject"
    #: Its version.
    version: str = ""
    #: The families that it does; all by default.
    problems: Sequence[str] = PROBLEMS
    #: "f64", or "f32" for an implementation in single precision.
    dtype: str = "f64"
    #: The relative residual to which `implicit` solves its linear system, where it is iterative.
    tolerance: Optional[float] = None
    #: ‖Φ(w) - w‖ relative to max(1, ‖w‖) at which `implicit` leaves a fixed point that it looked
    #: for itself. Where it is given, cases with `w0` instead of `w` are asked too.
    solver_tolerance: Optional[float] = None
    #: The largest d that it does.
    max_dim: Optional[int] = None
    #: Whether ITD can linearise at the points of `case.path`.
    path: bool = False
    #: Maps of its own, to be examined like any other.
    maps: Sequence[Map] = field(default=())

    def __post_init__(self) -> None:
        """Refuses what could only fail later, and less clearly."""
        for name in _CALLABLES:
            given = getattr(self, name)
            if given is not None and not callable(given):
                raise Error(f"{name} must be callable, got {type(given).__name__}")
        if not self.callables() and not self.maps:
            raise Error(f"there is nothing to judge; give one of {', '.join(_CALLABLES)}, or maps")
        if self.dtype not in ("f64", "f32"):
            raise Error(f'dtype must be "f64" or "f32", got {self.dtype!r}')
        unknown = [p for p in self.problems if p not in PROBLEMS]
        if unknown:
            raise Error(f"unknown problem {unknown[0]!r}; there are {', '.join(PROBLEMS)}")

    def callables(self) -> dict[str, Method]:
        """The callables by keyword."""
        given = {name: getattr(self, name) for name in _CALLABLES}
        return {name: call for name, call in given.items() if call is not None}

    def method(self, case: Case) -> Optional[Method]:
        """The callable that answers a case."""
        keyword = case.method.replace("-", "_")
        if case.want == "jacobian":
            keyword += "_jacobian"
        return self.callables().get(keyword)

    def claims(self) -> list[str]:
        """The claims to be judged where hello cannot say what is left out.

        Hello says of Jacobians that they are done or not; a subject that does D itself of one
        method only, or D itself and nothing else, names its claims. Empty means all.
        """
        given = self.callables()
        plain = {"itd": "itd", "aid_fp": "aid-fp"}
        wanted = {k for k in plain if k in given}
        jacobians = {k for k in plain if f"{k}_jacobian" in given}
        if not jacobians or jacobians == wanted:
            return []
        out = [plain[k] for k in sorted(wanted)]
        if self.path and "itd" in wanted:
            out.append("itd-path")
        out += [f"{plain[k]}-jacobian" for k in sorted(jacobians)]
        if "hypergradient" in given:
            out.append("hypergradient-*")
        return out + [k.replace("_", "-") for k in given if k in _OTHERS]

    def hello(self) -> dict[str, Any]:
        """The answer to hello."""
        given = self.callables()
        methods = {k.replace("_jacobian", "").replace("_", "-"): None for k in given}
        message: dict[str, Any] = {
            "type": "hello",
            "protocol": 1,
            "name": self.name,
            "version": self.version,
            "methods": list(methods),
            "problems": list(self.problems),
            "dtype": self.dtype,
        }
        if any(k.endswith("_jacobian") for k in given):
            message["jacobian"] = True
        if self.path:
            message["path"] = True
        for key in ("max_dim", "tolerance", "solver_tolerance"):
            if getattr(self, key) is not None:
                message[key] = getattr(self, key)
        if self.maps:
            message["maps"] = [served.announced() for served in self.maps]
        return message

    @classmethod
    def of(cls, subject: Optional[Subject], given: dict[str, Any]) -> Subject:
        """The subject itself, or one of these keyword arguments."""
        if subject is None:
            known = {f.name for f in fields(cls)}
            unknown = [name for name in given if name not in known]
            if unknown:
                raise TypeError(f"unexpected keyword argument {unknown[0]!r}")
            return cls(**given)
        if given:
            raise Error(f"give a Subject or its callables, not both (got {', '.join(given)})")
        return subject


_OTHERS = ("aid_cg", "implicit", "nsid", "sid")
_CALLABLES = (
    "itd",
    "aid_fp",
    *_OTHERS,
    "hypergradient",
    "itd_jacobian",
    "aid_fp_jacobian",
)
