"""Implicit differentiation as a torch.autograd.Function, on the CPU.

What it shows: `ratecert.torch.phi(case)` is the map of a case as a function of tensors; a
`torch.autograd.Function` differentiates its fixed point by a direct solve in `backward`, and
AID-FP by repeated vector-Jacobian products of autograd.

How to run it (about a minute; any version of PyTorch from 1.12 on):

    pip install ./python torch
    python python/examples/torch_function.py
"""

import sys

import torch

import ratecert
import ratecert.torch

STEP_TOLERANCE = 1e-12


def tensor(values):
    return torch.tensor(values, dtype=torch.float64)


class FixedPoint(torch.autograd.Function):
    """The solution w(λ), or w itself where it is given as the point at which to differentiate."""

    @staticmethod
    def forward(ctx, phi, given, w, lam):
        if not given:
            following = phi(w, lam)
            while torch.norm(following - w) > STEP_TOLERANCE * max(1.0, float(torch.norm(w))):
                w, following = following, phi(following, lam)
        ctx.phi = phi
        ctx.save_for_backward(w, lam)
        return w.clone()

    @staticmethod
    def backward(ctx, cotangent):
        w, lam = ctx.saved_tensors
        P = torch.autograd.functional.jacobian(lambda w: ctx.phi(w, lam), w)
        v = torch.linalg.solve(torch.eye(len(w), dtype=w.dtype) - P.T, cotangent)
        return None, None, None, products(ctx.phi, w, lam, v)[1]


def products(phi, w, lam, u):
    """(∂₁Φᵀu, ∂₂Φᵀu) by autograd."""
    inputs = (w.detach().requires_grad_(), lam.detach().requires_grad_())
    with torch.enable_grad():
        return torch.autograd.grad(phi(*inputs), inputs, u)


def implicit(case):
    given = case.w is not None
    lam = tensor(case.lambda_).requires_grad_()
    w = tensor(case.w if given else case.w0)
    solution = FixedPoint.apply(ratecert.torch.phi(case), given, w, lam)
    return torch.autograd.grad(solution, lam, tensor(case.cotangent))[0]


def aid_fp(case):
    phi, y = ratecert.torch.phi(case), tensor(case.cotangent)
    v = torch.zeros_like(y)
    for k in range(case.last + 1):
        by_w, by_lam = products(phi, tensor(case.w), tensor(case.lambda_), v)
        if k in case.steps:
            yield by_lam
        v = by_w + y


if __name__ == "__main__":
    result = ratecert.certify(
        implicit=implicit,
        aid_fp=aid_fp,
        solver_tolerance=STEP_TOLERANCE,
        name="torch.autograd.Function",
        version=torch.__version__,
    )
    print(result)
    print(f"{result.seconds:.1f} s, {result.seconds_in_callables:.1f} s of them in PyTorch")
    sys.exit(result.exit_code)
