"""Maps written in PyTorch, with the products that autograd takes of them.

PyTorch is imported when needed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional, Union

from ._case import Case
from ._certify import PathLike, judge
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
    seed: int = 0,
    profile: str = "quick",
    out: Optional[PathLike] = None,
    timeout: float = 30.0,
) -> Result:
    """Examines a function `phi(w, lam)` of two tensors with autograd's products.

    The tensors have the shapes of `w0` and `lam`, and double precision unless `dtype` is "f32".
    The jvp is that of forward mode; where phi has none, such as with an `autograd.Function` that
    defines `backward` alone, it is left out.
    """
    served = as_map(phi, w0, lam, hypergradient, domain, tolerance, name, dtype)
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
) -> Map:
    """A PyTorch function as a `Map`, for `Subject(maps=[...])` and `serve`."""
    import torch
    from torch.autograd import forward_ad

    kind = torch.float32 if dtype == "f32" else torch.float64
    start, at = (torch.as_tensor(x).detach().to(kind) for x in (w0, lam))

    def of_w(v: Any) -> Any:
        return torch.tensor(v, dtype=kind, device=start.device).reshape(start.shape)

    def of_lam(v: Any) -> Any:
        return torch.tensor(v, dtype=kind, device=at.device).reshape(at.shape)

    def value(w: Any, lam: Any) -> Any:
        with torch.no_grad():
            return phi(of_w(w), of_lam(lam))

    def vjp(w: Any, lam: Any, u: Any) -> Any:
        inputs = (of_w(w).requires_grad_(), of_lam(lam).requires_grad_())
        with torch.enable_grad():
            result = phi(*inputs)
            if not result.requires_grad:
                return [torch.zeros_like(x) for x in inputs]
            grads = torch.autograd.grad(
                result, inputs, of_w(u).reshape(result.shape), allow_unused=True
            )
        return [torch.zeros_like(x) if g is None else g for g, x in zip(grads, inputs)]

    def jvp(w: Any, lam: Any, dw: Any, dlam: Any) -> Any:
        with forward_ad.dual_level():
            result = phi(
                forward_ad.make_dual(of_w(w), of_w(dw)),
                forward_ad.make_dual(of_lam(lam), of_lam(dlam)),
            )
            primal, tangent = forward_ad.unpack_dual(result)
            return torch.zeros_like(primal) if tangent is None else tangent.detach()

    plain_w, plain_lam = start.reshape(-1).tolist(), at.reshape(-1).tolist()
    # What is wrong with phi itself comes out here.
    value(plain_w, plain_lam)
    products: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
        "vjp": (vjp, (plain_w, plain_lam, plain_w)),
        "jvp": (jvp, (plain_w, plain_lam, plain_w, plain_lam)),
    }
    found = taken(products, (RuntimeError, NotImplementedError, TypeError), "PyTorch", name)
    if hypergradient is not None:
        hypergradient = Hypergradient.of(hypergradient).through(of_w, of_lam, lambda g: g)
    return Map(
        phi=value,
        w0=plain_w,
        lam=plain_lam,
        hypergradient=hypergradient,
        domain=domain,
        tolerance=tolerance,
        name=name,
        **found,
    )


def phi(case: Case) -> Callable[[Any, Any], Any]:
    """The map of a case as a function of tensors (w, λ) in double precision.

    At kinks PyTorch's own choices of slopes hold, which are all allowed.
    """
    import torch

    def tensor(values: Any) -> Any:
        return torch.tensor(values, dtype=torch.float64)

    p = case.problem
    if p.kind == "affine":
        A, B, c = tensor(p.A), tensor(p.B), tensor(p.c)
        return lambda w, lam: A @ w + B @ lam + c
    if p.kind == "layer":
        A, V, B, c = tensor(p.A), tensor(p.V), tensor(p.B), tensor(p.c)
        sigma = {
            "relu": torch.relu,
            "abs": torch.abs,
            "leaky-relu": lambda z: torch.where(z > 0, z, 0.01 * z),
            "tanh": torch.tanh,
        }[p.activation]
        return lambda w, lam: A @ sigma(V @ w + B @ lam + c)
    if p.kind == "elastic-net":
        X, y, eta = tensor(p.X), tensor(p.y), p.step

        def elastic_net(w: Any, lam: Any) -> Any:
            z = w - eta * (X.T @ (X @ w - y) / len(y) + lam[1] * w)
            return torch.sign(z) * torch.relu(z.abs() - eta * lam[0])

        return elastic_net
    if p.kind == "quadratic-program":
        Q, lower, upper = tensor(p.Q), tensor(p.lower), tensor(p.upper)
        return lambda w, lam: torch.clamp(w - p.step * (Q @ w + lam), lower, upper)
    A, B, C = tensor(p.A), tensor(p.B), tensor(p.C)
    return lambda w, lam: (A + torch.tensordot(lam, B, dims=1)) @ w + C @ lam
