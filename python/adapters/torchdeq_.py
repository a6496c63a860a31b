"""torchdeq: its DEQ module on the maps of the protocol.

    ratecert subject -- python torchdeq_.py [phantom|ift|ift-tight|hook-tight|ift-tight-anderson|ift-tight-broyden] [undeclared]

`phantom` is get_deq() as it comes: the default gradient is one step (ift=False). At a given w the
map is shifted by the constant w - Φ(w), which makes w its fixed point and changes no derivative.
"""

import sys

import torch
from line import phi, serve
from torchdeq import get_deq

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
setting = sys.argv[1] if len(sys.argv) > 1 else "phantom"
options, hello = {}, {"solver_tolerance": 1e-3, "tolerance": 1e-6}
if setting != "phantom":
    options["ift"] = True
if "hook" in setting:
    options = {"hook_ift": True}
if "tight" in setting:
    options.update(
        f_tol=1e-13,
        b_tol=1e-13,
        f_max_iter=5000,
        b_max_iter=5000,
        f_stop_mode="rel",
        b_stop_mode="rel",
    )
    hello = {"solver_tolerance": 1e-12, "tolerance": 1e-12}
for name in ("anderson", "broyden"):
    if name in setting:
        options.update(b_solver=name)
if "undeclared" in sys.argv:
    hello.pop("tolerance")
deq = get_deq(**options)
deq.train()


def implicit(case):
    f = phi(case, torch)
    lam = case.lambda_.clone().requires_grad_()
    start = case.start
    shift = 0.0 if case.w is None else case.w - f(case.w, case.lambda_)
    # The first dimension is the batch.
    out, _info = deq(lambda w: (f(w[0], lam) + shift)[None], start[None])
    out[-1][0].backward(case.cotangent)
    return torch.zeros_like(lam) if lam.grad is None else lam.grad


serve(
    {
        "name": f"torchdeq {setting}",
        "version": "0.1.0",
        **hello,
        "problems": ["affine", "layer", "elastic-net", "quadratic-program", "bilinear"],
    },
    {"implicit": implicit},
    lambda x: torch.tensor(x, dtype=torch.float64),
)
