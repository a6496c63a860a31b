"""Maps written in JAX, with the products that JAX takes of them. JAX is imported when needed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Optional, Union

from ._case import Case
from ._certify import PathLike, judge
from ._errors import Error
from ._maps import Box, Hypergradient, Map, taken
from ._result import Result
from ._subject import Subject


def check_map(
    phi: Callable[[Any, Any], Any],
    w0: Any,
    lam: Any,
    *,
    hypergradient: Union[Hypergradient, Callable[..., Any], None] = None,
    domain: Optional[dict[str, Box]] = None,
    tolerance: float = 0.0,
    name: str = "map",
    dtype: str = "f64",
    jit: bool = True,
    seed: int = 0,
    profile: str = "quick",
    out: Optional[PathLike] = None,
    timeout: float = 30.0,
) -> Result:
    """Examines a JAX function `phi(w, lam)` with `jax.vjp` and `jax.jvp` of it.

    `w0` and `lam` may be pytrees; boxes of `domain` then go by their leaves in order. Double
    precision is switched on for the run unless `dtype` is "f32". A product that JAX cannot take,
    such as the jvp of a `custom_vjp`, is left out.
    """
    with precision(dtype):
        served = as_map(phi, w0, lam, hypergradient, domain, tolerance, name, dtype, jit)
        subject = Subject(name=name, maps=(served,), dtype=dtype)
        return judge(subject, profile, seed, (), (), out, timeout)


def as_map(
    phi: Callable[[Any, Any], Any],
    w0: Any,
    lam: Any,
    hypergradient: Union[Hypergradient, Callable[..., Any], None] = None,
    domain: Optional[dict[str, Box]] = None,
    tolerance: float = 0.0,
    name: str = "map",
    dtype: str = "f64",
    jit: bool = True,
) -> Map:
    """A JAX function as a `Map`, for `Subject(maps=[...])` and `serve`.

    Use it, and what it returns, within `precision()` or where double precision is on.
    """
    import jax
    import numpy
    from jax.flatten_util import ravel_pytree

    kind = numpy.float32 if dtype == "f32" else numpy.float64
    if jax.dtypes.canonicalize_dtype(kind) != kind:
        raise Error("double precision is off in JAX; use ratecert.jax.precision()")

    def raveled(tree: Any) -> tuple[Any, Any]:
        if isinstance(tree, (list, tuple)) and all(isinstance(x, (int, float)) for x in tree):
            # A vector rather than a tree of scalars.
            tree = numpy.asarray(tree, kind)
        flat, unravel = ravel_pytree(
            jax.tree_util.tree_map(lambda x: jax.numpy.asarray(x, kind), tree)
        )
        return flat, unravel

    flat_w, unravel_w = raveled(w0)
    flat_lam, unravel_lam = raveled(lam)

    def flat_phi(w: Any, lam: Any) -> Any:
        return ravel_pytree(phi(unravel_w(w), unravel_lam(lam)))[0]

    def vjp(w: Any, lam: Any, u: Any) -> Any:
        return jax.vjp(flat_phi, w, lam)[1](u)

    def jvp(w: Any, lam: Any, dw: Any, dlam: Any) -> Any:
        return jax.jvp(flat_phi, (w, lam), (dw, dlam))[1]

    def array(v: Any) -> Any:
        return numpy.asarray(v, kind)

    compiled = jax.jit if jit else lambda f: f
    start, at = array(flat_w), array(flat_lam)
    # What is wrong with phi itself comes out here.
    compiled(flat_phi)(start, at)
    products = {
        "vjp": (compiled(vjp), (start, at, start)),
        "jvp": (compiled(jvp), (start, at, start, at)),
    }
    found = taken(products, (TypeError, ValueError, NotImplementedError), "JAX", name)
    if hypergradient is not None:
        hypergradient = Hypergradient.of(hypergradient).through(
            unravel_w, unravel_lam, lambda estimate: ravel_pytree(estimate)[0]
        )
    return Map(
        phi=compiled(flat_phi),
        w0=start,
        lam=at,
        hypergradient=hypergradient,
        domain=domain,
        tolerance=tolerance,
        name=name,
        **found,
    )


def phi(case: Case) -> Callable[[Any, Any], Any]:
    """The map of a case as a function of JAX arrays (w, λ): what a solver is to be tried on.

    At kinks JAX's own choices of slopes hold, which are all allowed.
    """
    from jax import numpy as jnp

    p = case.problem
    if p.kind == "affine":
        A, B, c = jnp.asarray(p.A), jnp.asarray(p.B), jnp.asarray(p.c)
        return lambda w, lam: A @ w + B @ lam + c
    if p.kind == "layer":
        A, V, B, c = (jnp.asarray(x) for x in (p.A, p.V, p.B, p.c))
        sigma = {
            "relu": lambda z: jnp.maximum(z, 0),
            "abs": jnp.abs,
            "leaky-relu": lambda z: jnp.where(z > 0, z, 0.01 * z),
            "tanh": jnp.tanh,
        }[p.activation]
        return lambda w, lam: A @ sigma(V @ w + B @ lam + c)
    if p.kind == "elastic-net":
        X, y, eta = jnp.asarray(p.X), jnp.asarray(p.y), p.step

        def elastic_net(w: Any, lam: Any) -> Any:
            z = w - eta * (X.T @ (X @ w - y) / len(y) + lam[1] * w)
            return jnp.sign(z) * jnp.maximum(jnp.abs(z) - eta * lam[0], 0)

        return elastic_net
    if p.kind == "quadratic-program":
        Q, lower, upper = jnp.asarray(p.Q), jnp.asarray(p.lower), jnp.asarray(p.upper)
        return lambda w, lam: jnp.clip(w - p.step * (Q @ w + lam), lower, upper)
    A, B, C = jnp.asarray(p.A), jnp.asarray(p.B), jnp.asarray(p.C)
    return lambda w, lam: (A + jnp.tensordot(lam, B, axes=1)) @ w + C @ lam


def precision(dtype: str = "f64") -> AbstractContextManager[Any]:
    """A context in which JAX computes in double precision; it changes nothing for "f32"."""
    if dtype == "f32":
        return nullcontext()
    import jax

    if hasattr(jax, "enable_x64"):
        manager: AbstractContextManager[Any] = jax.enable_x64(True)
    else:
        # Versions before 0.8.
        from jax.experimental import enable_x64

        manager = enable_x64(True)
    return manager
