"""Maps that the user brings: what hello says of them, and how evaluations are answered."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional, Union

from ._errors import Error
from ._numbers import decode, encode, flat

Box = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Drawn:
    """What NSID is given instead of drawing it: index lists from 0, equally long within a role."""

    #: ξ⁽¹⁾: J lists.
    inner_samples: list[list[int]]
    #: ξ⁽²⁾: one list per update.
    samples: list[list[int]]
    #: One η per update.
    step_sizes: list[float]


@dataclass(frozen=True)
class Hypergradient:
    """A hypergradient routine of a map.

    `function(w, lam, cotangent)` returns m numbers where `inner` is "implicit";
    `function(w, lam, cotangent, steps)` returns one vector of m numbers per step where it is "itd"
    or "aid-fp", and `function(w, lam, cotangent, steps, drawn)` where it is "nsid", with a `Drawn`.
    `w` is a start for "itd", and the point at which to differentiate otherwise.
    """

    function: Callable[..., Any]
    inner: str = "implicit"
    #: The relative residual to which it solves its linear system.
    linear_tolerance: float = 0.0
    #: ‖Φ(w) - w‖ at which it leaves a fixed point of its own.
    step_tolerance: float = 0.0

    def __post_init__(self) -> None:
        """Refuses unknown methods."""
        if self.inner not in ("itd", "aid-fp", "implicit", "nsid"):
            raise Error(f"inner must be itd, aid-fp, implicit or nsid, got {self.inner!r}")

    @classmethod
    def of(cls, given: Union[Hypergradient, Callable[..., Any]]) -> Hypergradient:
        """A routine as it is; a plain function solves to its floor."""
        return given if isinstance(given, Hypergradient) else cls(given)

    def through(
        self, w: Callable[[Any], Any], lam: Callable[[Any], Any], out: Callable[[Any], Any]
    ) -> Hypergradient:
        """The routine on arguments of another kind, its estimates turned back by `out`."""

        def function(at: Any, with_lam: Any, cotangent: Any, *more: Any) -> Any:
            given = self.function(w(at), lam(with_lam), w(cotangent), *more)
            return [out(estimate) for estimate in given] if more else out(given)

        return Hypergradient(function, self.inner, self.linear_tolerance, self.step_tolerance)


def taken(
    products: Mapping[str, tuple[Callable[..., Any], tuple[Any, ...]]],
    refusals: tuple[type[Exception], ...],
    framework: str,
    name: str,
) -> dict[str, Any]:
    """Those of the products that the framework takes of the map, each tried on its arguments."""
    found: dict[str, Any] = {}
    refused: list[str] = []
    for what, (function, arguments) in products.items():
        try:
            function(*arguments)
        except refusals as error:
            refused.append(f"{what}: {error}")
        else:
            found[what] = function
    if not found:
        raise Error(f"{framework} takes no product of {name}: " + "; ".join(refused))
    return found


@dataclass(frozen=True)
class Samples:
    """T̂(w, λ, i) for i below `count`, of which T is the mean: what a stochastic map is made of."""

    count: int
    #: phi(w, lam, i)
    phi: Callable[..., Any]
    #: vjp(w, lam, u, i)
    vjp: Optional[Callable[..., Any]] = None
    #: jvp(w, lam, dw, dlam, i)
    jvp: Optional[Callable[..., Any]] = None


@dataclass(frozen=True)
class Outer:
    """G(u, λ), where Φ(w, λ) = G(T(w, λ), λ); the products are those of G."""

    phi: Callable[..., Any]
    vjp: Optional[Callable[..., Any]] = None
    jvp: Optional[Callable[..., Any]] = None


@dataclass(frozen=True)
class Map:
    """A map Φ of one's own, known only as a program, with its products.

    `phi(w, lam)` returns d numbers; `vjp(w, lam, u)` the pair (∂₁Φᵀu, ∂₂Φᵀu);
    `jvp(w, lam, dw, dlam)` returns ∂₁Φ·dw + ∂₂Φ·dλ. Where `w0` or `lam` is a NumPy array the
    callables get NumPy arrays of its shape, else lists of floats.

    With `samples`, `phi` and its products are those of their mean T, and `outer` is G in
    Φ(w, λ) = G(T(w, λ), λ), the identity where it is not given. Samples and G have the products
    that the map has.
    """

    phi: Callable[..., Any]
    #: A start for fixed-point iterations.
    w0: Any
    #: The λ at which the map is examined.
    lam: Any
    vjp: Optional[Callable[..., Any]] = None
    jvp: Optional[Callable[..., Any]] = None
    #: A `Hypergradient`, or a function of (w, lam, cotangent) that solves to its floor.
    hypergradient: Union[Hypergradient, Callable[..., Any], None] = None
    #: Where it may be evaluated: {"w": [(lo, hi), ...], "lambda": [(lo, hi), ...]}, or one of them.
    domain: Optional[dict[str, Box]] = None
    #: The relative accuracy of an iterative solve inside Φ.
    tolerance: float = 0.0
    name: str = "map"
    samples: Optional[Samples] = None
    outer: Optional[Outer] = None

    def __post_init__(self) -> None:
        """Refuses a map without products, and boxes that do not fit."""
        if self.vjp is None and self.jvp is None:
            raise Error(f"the map {self.name!r} needs vjp, jvp or both")
        for what, part in (("samples", self.samples), ("outer", self.outer)):
            for product in ("vjp", "jvp"):
                wanted = getattr(self, product) is not None
                if part is not None and wanted and getattr(part, product) is None:
                    raise Error(f"the map {self.name!r} has {product}, its {what} must have it too")
        sizes = {"w": self.dim, "lambda": self.params}
        for key, box in (self.domain or {}).items():
            if key not in sizes:
                raise Error(f'domain has "w" and "lambda", got {key!r}')
            if len(box) != sizes[key]:
                raise Error(f"domain[{key!r}] needs {sizes[key]} pairs, got {len(box)}")
        object.__setattr__(self, "_w", _converter(self.w0))
        object.__setattr__(self, "_lam", _converter(self.lam))

    @property
    def dim(self) -> int:
        """The length d of w."""
        return len(flat(self.w0, "w0"))

    @property
    def params(self) -> int:
        """The length m of λ."""
        return len(flat(self.lam, "lam"))

    def routine(self) -> Optional[Hypergradient]:
        """The hypergradient routine with what it says of itself."""
        given = self.hypergradient
        return None if given is None else Hypergradient.of(given)

    def announced(self) -> dict[str, Any]:
        """What hello says of it."""
        message: dict[str, Any] = {
            "name": self.name,
            "dim": self.dim,
            "params": self.params,
            "w0": encode(flat(self.w0, "w0")),
            "lambda": encode(flat(self.lam, "lam")),
            "products": [p for p in ("vjp", "jvp") if getattr(self, p) is not None],
            "tolerance": float(self.tolerance),
        }
        if self.domain is not None:
            message["domain"] = {
                key: [encode([float(lo), float(hi)]) for lo, hi in box]
                for key, box in self.domain.items()
            }
        if self.samples is not None:
            message["samples"] = self.samples.count
        if self.outer is not None:
            message["outer"] = True
        routine = self.routine()
        if routine is not None:
            message["hypergradient"] = {
                "inner": routine.inner,
                "linear_tolerance": float(routine.linear_tolerance),
                "step_tolerance": float(routine.step_tolerance),
            }
        return message

    def value(self, item: dict[str, Any]) -> list[float]:
        """The answer to an evaluation."""
        what = item["what"]
        w = self._converted("_w", item["w"])
        lam = self._converted("_lam", item["lambda"])
        u = decode(item.get("u") or [])
        if what == "hypergradient":
            return self._hypergradient(w, lam, u, item)
        kind = what[len("outer-") :] if what.startswith("outer-") else what
        source: Any = self
        more: tuple[Any, ...] = ()
        if what.startswith("outer"):
            source = self.outer
            kind = "phi" if what == "outer" else kind
        elif item.get("sample") is not None:
            source, more = self.samples, (int(item["sample"]),)
        function = getattr(source, kind, None) if kind in ("phi", "vjp", "jvp") else None
        if function is None:
            raise Error(f"the map {self.name!r} has no {what}")
        if kind == "phi":
            return flat(function(w, lam, *more), "phi")
        if kind == "vjp":
            by_w, by_lambda = function(w, lam, self._converted("_w", u), *more)
            return flat(by_w, "vjp by w") + flat(by_lambda, "vjp by λ")
        dw = self._converted("_w", u[: self.dim])
        dlam = self._converted("_lam", u[self.dim :])
        return flat(function(w, lam, dw, dlam, *more), "jvp")

    def _hypergradient(self, w: Any, lam: Any, u: list[float], item: dict[str, Any]) -> list[float]:
        routine = self.routine()
        if routine is None:
            raise Error(f"the map {self.name!r} has no hypergradient")
        cotangent = self._converted("_w", u)
        if routine.inner == "implicit":
            return flat(routine.function(w, lam, cotangent), "the hypergradient")
        more: list[Any] = [list(item.get("steps") or [])]
        if routine.inner == "nsid":
            inner, linear = item.get("inner_samples") or [], item.get("samples") or []
            more.append(Drawn(inner, linear, decode(item.get("step_sizes") or [])))
        each = list(routine.function(w, lam, cotangent, *more))
        return [x for estimate in each for x in flat(estimate, "the hypergradient")]

    def _converted(self, which: str, values: Any) -> Any:
        return getattr(self, which)(decode(values))


def _converter(like: Any) -> Callable[[list[float]], Any]:
    """Lists stay lists; next to a NumPy array they become arrays of its kind."""
    if type(like).__module__ == "numpy" and hasattr(like, "dtype"):
        numpy = sys.modules["numpy"]
        dtype = like.dtype if like.dtype.kind == "f" else float
        return lambda values: numpy.array(values, dtype=dtype).reshape(like.shape)
    return lambda values: values
