"""betty: its hypergradient functions cg and neumann, called as its engine calls them.

    ratecert subject -- python betty_.py [cg|cg-alpha|neumann]

betty differentiates at the minimiser of a smooth loss, so that a case is taken on its support (the
coordinates that are no zeros of an elastic net, or at no bound): the loss there is the objective,
for affine maps with symmetric I - A the quadratic with gradient w - Φ(w). `problem` stands for a
Problem of betty with what these functions read of it. The number of iterations is set to the size
of the system; betty's default is 1 for both. cg-alpha: cg_alpha=0.5.
"""

import sys
from importlib.metadata import version

import torch
from betty.configs import Config
from betty.hypergradient import jvp_fn_mapping
from line import Skip, serve

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
setting = sys.argv[1] if len(sys.argv) > 1 else "cg"


class problem:
    def __init__(self, params, loss, config):
        self.params, self.loss, self.config = params, loss, config
        self.paths, self.cur_batch = [], None

    def training_step_exec(self, batch):
        return self.loss()

    def parameters(self):
        return self.params

    trainable_parameters = parameters


def implicit(case):
    if case.w is None:
        raise Skip("no solver is used")
    p, lam = case.p, case.lambda_.clone().requires_grad_()
    w0 = case.w
    if case.kind == "elastic-net":
        X, y, step = p["X"], p["y"], p["step"]
        z = w0 - step * (X.T @ (X @ w0 - y) / len(y) + lam[1] * w0)
        on, sign = (abs(z) > step * lam[0]).detach(), torch.sign(z).detach()
        if bool(((abs(abs(z) - step * lam[0])) < 1e-12).any()):
            raise Skip("a tie")
    elif case.kind == "quadratic-program":
        z = (w0 - p["step"] * (p["Q"] @ w0 + lam)).detach()
        on = (z > p["lower"]) & (z < p["upper"])
    else:
        A = p["A"]
        if not torch.equal(A, A.T):
            raise Skip("not the gradient of a loss")
        on = torch.ones(len(w0), dtype=torch.bool)
    if not bool(on.any()):
        raise Skip("no unknowns")
    u = w0[on].clone().requires_grad_()

    def loss():
        w = (0.0 * w0 if case.kind == "elastic-net" else w0).index_put((on,), u)
        if case.kind == "elastic-net":
            r = X @ w - y
            return 0.5 * r @ r / len(y) + 0.5 * lam[1] * w @ w + lam[0] * (sign * w).sum()
        if case.kind == "quadratic-program":
            return 0.5 * w @ p["Q"] @ w + lam @ w
        return 0.5 * w @ w - 0.5 * w @ p["A"] @ w - (p["B"] @ lam + p["c"]) @ w

    n = int(on.sum())
    config = Config(type=setting.split("-")[0])
    config.cg_iterations, config.neumann_iterations = n, 5000
    config.neumann_alpha = p.get("step", 1.0)
    if "alpha" in setting:
        config.cg_alpha = 0.5
    got = jvp_fn_mapping[config.type](
        [case.cotangent[on]], problem([u], loss, config), problem([lam], None, config)
    )
    return got[0]


serve(
    {
        "name": f"betty {setting}",
        "version": version("betty-ml"),
        "tolerance": 1e-9,
        "problems": ["affine", "elastic-net", "quadratic-program"],
    },
    {"implicit": implicit},
    lambda x: torch.tensor(x, dtype=torch.float64),
)
