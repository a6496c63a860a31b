"""proxsuite: the QP layer of ProxQP, and its backward pass called directly.

    ratecert subject -- python proxsuite_.py [default|tight|tight-f32-default|direct]

The data are double precision throughout. `default` and `tight` go through
proxsuite.torch.qplayer.QPFunction with torch.set_default_dtype(torch.float64); `tight-f32-default`
leaves torch's default dtype as it is; `direct` calls
proxsuite.proxqp.dense.compute_backward with tight settings and reads its doubles.
"""

import sys

import numpy as np
import proxsuite
import torch
from line import phi, serve, solved
from proxsuite.torch.qplayer import QPFunction
from qp import box

torch.set_num_threads(1)
setting = sys.argv[1] if len(sys.argv) > 1 else "default"
if setting != "tight-f32-default":
    torch.set_default_dtype(torch.float64)
options, hello = {}, {"solver_tolerance": 1e-9, "tolerance": 1e-4}
TIGHT = {"eps": 1e-12, "eps_backward": 1e-13, "rho_backward": 1e-12, "mu_backward": 1e-12}
if setting != "default":
    options, hello = TIGHT, {"solver_tolerance": 1e-11, "tolerance": 1e-10}


def eye(d):
    return torch.eye(d, dtype=torch.float64)


def direct(Q, q, low, high):
    """The layer's own steps in double precision throughout."""

    class Solve(torch.autograd.Function):
        @staticmethod
        def forward(ctx, Q, q, low, high):
            d = len(q)
            qp = proxsuite.proxqp.dense.QP(d, 0, d)
            qp.settings.eps_abs = TIGHT["eps"]
            qp.settings.max_iter, qp.settings.max_iter_in = 1000, 100
            rho = 5.0e-5
            qp.settings.default_rho = qp.settings.refactor_rho_threshold = rho
            n = [t.detach().numpy() for t in (Q, q, low, high)]
            qp.init(H=n[0], g=n[1], A=None, b=None, C=np.eye(d), l=n[2], u=n[3], rho=rho)
            qp.solve()
            ctx.qp = qp
            return torch.tensor(qp.results.x)

        @staticmethod
        def backward(ctx, grad):
            rhs = np.concatenate([grad.numpy(), np.zeros(len(grad))])
            proxsuite.proxqp.dense.compute_backward(
                qp=ctx.qp,
                loss_derivative=rhs,
                eps=TIGHT["eps_backward"],
                rho_backward=TIGHT["rho_backward"],
                mu_backward=TIGHT["mu_backward"],
            )
            b = ctx.qp.model.backward_data
            return tuple(torch.tensor(np.array(x)) for x in (b.dL_dH, b.dL_dg, b.dL_dl, b.dL_du))

    return Solve.apply(Q, q, low, high)


def implicit(case):
    solved(case, phi(case, torch))
    lam = case.lambda_.clone().requires_grad_()
    Q, q, low, high, back = box(case, lam, torch, torch.linalg.inv, eye)
    # ProxQP takes 1e20 as no bound.
    low, high = torch.clamp(low, min=-1e20), torch.clamp(high, max=1e20)
    if setting == "direct":
        z = direct(Q, q, low, high)
    else:
        e = torch.zeros(0, dtype=torch.float64)
        z = QPFunction(**options)(Q, q, e, e, eye(len(q)), low, high)[0][0]
    back(z).backward(case.cotangent)
    return lam.grad


serve(
    {
        "name": f"proxsuite {setting}",
        "version": proxsuite.__version__,
        **hello,
        "problems": ["elastic-net", "quadratic-program"],
    },
    {"implicit": implicit},
    lambda x: torch.tensor(x, dtype=torch.float64),
)
