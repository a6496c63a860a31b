"""torchopt: custom_root at a given w, and unrolling with its functional optimisers.

    ratecert subject -- python torchopt_.py [default|tight|cg|inv|ns] [undeclared]

`implicit`: torchopt.diff.implicit.custom_root on the residual w - Φ(w), with a solver that returns
the given w. `itd`: torchopt.sgd(lr=1, moment_requires_grad) on "gradients" w - Φ(w), unrolled.
"""

import sys

import torch
import torchopt
from line import Skip, phi, serve

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
setting = sys.argv[1] if len(sys.argv) > 1 else "default"
ls = torchopt.linear_solve
solve = {
    "default": None,
    "tight": ls.solve_normal_cg(rtol=1e-13, maxiter=10_000),
    "cg": ls.solve_cg(),
    "inv": ls.solve_inv(ns=False),
    "ns": ls.solve_inv(ns=True, maxiter=100),
}[setting]
hello = {
    "name": f"torchopt {setting}",
    "version": torchopt.__version__,
    "problems": ["affine", "layer", "elastic-net", "quadratic-program", "bilinear"],
}
if setting != "inv" and "undeclared" not in sys.argv:
    hello["tolerance"] = 1e-12 if setting == "tight" else 1e-5


def implicit(case):
    f = phi(case, torch)
    if case.w is None:
        raise Skip("no solver for fixed points is used")

    def optimality(w, lam):
        return w - f(w, lam)

    @torchopt.diff.implicit.custom_root(optimality, argnums=1, solve=solve)
    def at(init, lam):
        return case.w.clone()

    lam = case.lambda_.clone().requires_grad_()
    at(case.w.clone().requires_grad_(), lam).backward(case.cotangent)
    return lam.grad


def itd(case):
    f, out = phi(case, torch), []
    lam = case.lambda_.clone().requires_grad_()
    w = case.w0.clone().requires_grad_()
    optimizer = torchopt.sgd(lr=1.0, moment_requires_grad=True)
    params = (w,)
    state = optimizer.init(params)
    for t in range(case.steps[-1] + 1):
        if t in case.steps:
            grad = torch.autograd.grad(
                params[0], lam, case.cotangent, retain_graph=True, allow_unused=True
            )[0]
            out.append(torch.zeros_like(lam) if grad is None else grad)
        residual = (params[0] - f(params[0], lam),)
        updates, state = optimizer.update(residual, state, params=params, inplace=False)
        params = torchopt.apply_updates(params, updates, inplace=False)
    return out


serve(
    hello,
    {"implicit": implicit, "itd": itd} if setting == "default" else {"implicit": implicit},
    lambda x: torch.tensor(x, dtype=torch.float64),
)
