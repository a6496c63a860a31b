"""qpth: QPFunction on box QPs and on the duals of elastic nets.

ratecert subject -- python qpth_.py [default|iterations|cvxpy]
"""

import sys

import torch
from line import phi, serve, solved
from qp import box, rows
from qpth.qp import QPFunction, QPSolvers

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
setting = sys.argv[1] if len(sys.argv) > 1 else "default"
options = {
    "default": {},
    "iterations": {"maxIter": 200, "notImprovedLim": 50, "eps": 1e-15},
    "cvxpy": {"solver": QPSolvers.CVXPY},
}[setting]


def implicit(case):
    solved(case, phi(case, torch))
    lam = case.lambda_.clone().requires_grad_()
    Q, q, low, high, back = box(case, lam, torch, torch.linalg.inv, torch.eye)
    G, h = rows(low, high, len(q), torch, torch.eye)
    e = torch.zeros(0)
    z = QPFunction(verbose=-1, **options)(Q, q, G, h, e, e)[0]
    back(z).backward(case.cotangent)
    return lam.grad


serve(
    {
        "name": f"qpth {setting}",
        "version": "0.0.18",
        "problems": ["elastic-net", "quadratic-program"],
        "solver_tolerance": 1e-12,
        "tolerance": 1e-12,
    },
    {"implicit": implicit},
    lambda x: torch.tensor(x, dtype=torch.float64),
)
