"""cvxpylayers (its torch layer, diffcp behind it) on box QPs and elastic nets.

    ratecert subject -- python cvxpylayers_.py [default|scs-tight|clarabel|...]

The problems are written in cvxpy as its users would write them, one layer per shape.
"""

import sys
import warnings
from importlib.metadata import version

import cvxpy as cp
import torch
from cvxpylayers.torch import CvxpyLayer
from line import phi, serve, solved

warnings.filterwarnings("ignore")
torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
setting = sys.argv[1] if len(sys.argv) > 1 else "default"
args, kw, hello = {}, {}, {"solver_tolerance": 1e-5, "tolerance": 1e-5}
if "scs" in setting:
    args = {"eps": 1e-12, "max_iters": 200_000, "solve_method": "SCS"}
if "clarabel" in setting:
    args = {
        "solve_method": "Clarabel",
        "tol_gap_abs": 1e-12,
        "tol_gap_rel": 1e-12,
        "tol_feas": 1e-12,
    }
if "dense" in setting:
    args["mode"] = "dense"
if setting != "default":
    hello = {"solver_tolerance": 1e-9, "tolerance": 1e-9}
layers = {}


def layer(case):
    d = len(case.w) if case.w is not None else len(case.w0)
    p = case.p
    if case.kind == "elastic-net":
        n = p["X"].shape[0]
        key = ("net", n, d)
        if key not in layers:
            w, X, y = cp.Variable(d), cp.Parameter((n, d)), cp.Parameter(n)
            l1, r2 = cp.Parameter(nonneg=True), cp.Parameter(nonneg=True)  # r2 = sqrt(λ₂), for DPP
            cost = (
                cp.sum_squares(X @ w - y) / (2 * n)
                + 0.5 * cp.sum_squares(r2 * w)
                + l1 * cp.norm1(w)
            )
            layers[key] = CvxpyLayer(
                cp.Problem(cp.Minimize(cost)), parameters=[X, y, l1, r2], variables=[w]
            )
        return lambda lam: layers[key](
            p["X"], p["y"], lam[0], torch.sqrt(lam[1]), solver_args=args
        )[0]
    up, down = torch.isfinite(p["upper"]), torch.isfinite(p["lower"])
    key = ("box", d, tuple(up.tolist()), tuple(down.tolist()))
    if key not in layers:
        w, R, lam = cp.Variable(d), cp.Parameter((d, d)), cp.Parameter(d)
        high, low = (
            cp.Parameter(int(up.sum())) if up.any() else None,
            cp.Parameter(int(down.sum())) if down.any() else None,
        )
        keep = ([w[up.nonzero().flatten().tolist()] <= high] if up.any() else []) + (
            [w[down.nonzero().flatten().tolist()] >= low] if down.any() else []
        )
        cost = 0.5 * cp.sum_squares(R @ w) + lam @ w
        params = [R, lam] + [b for b in (high, low) if b is not None]
        layers[key] = CvxpyLayer(
            cp.Problem(cp.Minimize(cost), keep), parameters=params, variables=[w]
        )
    R = torch.linalg.cholesky(p["Q"]).T.contiguous()
    bounds = [b for b, on in ((p["upper"][up], up.any()), (p["lower"][down], down.any())) if on]
    return lambda lam: layers[key](R, lam, *bounds, solver_args=args)[0]


def implicit(case):
    solved(case, phi(case, torch))
    lam = case.lambda_.clone().requires_grad_()
    layer(case)(lam).backward(case.cotangent)
    return lam.grad


serve(
    {
        "name": f"cvxpylayers {setting}",
        "version": f"{version('cvxpylayers')}, diffcp {version('diffcp')}",
        "problems": ["elastic-net", "quadratic-program"],
        "max_dim": 70,
        **hello,
    },
    {"implicit": implicit},
    lambda x: torch.tensor(x, dtype=torch.float64),
)
