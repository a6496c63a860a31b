"""higher: unrolling through its differentiable SGD.

    ratecert subject -- python higher_.py

The step of SGD with lr = 1 along w - Φ(w) is Φ; `grad_callback` puts that residual in the place of
the gradient of a loss. For elastic nets and quadratic programmes the gradient is one of a loss, as
users would have it, and the prox or projection is applied with `update_params` after each step.
"""

import warnings

import higher
import torch
from line import phi, serve

warnings.filterwarnings("ignore")
torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


class Point(torch.nn.Module):
    def __init__(self, w):
        super().__init__()
        self.w = torch.nn.Parameter(w.clone())

    def forward(self):
        return self.w


def itd(case):
    f, p, out = phi(case, torch), case.p, []
    lam = case.lambda_.clone().requires_grad_()
    model = Point(case.w0)
    smooth = case.kind in ("elastic-net", "quadratic-program")
    sgd = torch.optim.SGD(model.parameters(), lr=p["step"] if smooth else 1.0)
    with higher.innerloop_ctx(model, sgd, copy_initial_weights=True) as (fmodel, diffopt):
        for t in range(case.steps[-1] + 1):
            w = fmodel()
            if t in case.steps:
                grad = torch.autograd.grad(
                    w, lam, case.cotangent, retain_graph=True, allow_unused=True
                )[0]
                out.append(torch.zeros_like(lam) if grad is None else grad)
            if case.kind == "elastic-net":
                r = p["X"] @ w - p["y"]
                diffopt.step(0.5 * r @ r / len(r) + 0.5 * lam[1] * w @ w)
                z, s = fmodel.w, p["step"] * lam[0]
                fmodel.update_params([torch.sign(z) * torch.relu(abs(z) - s)])
            elif smooth:
                diffopt.step(0.5 * w @ p["Q"] @ w + lam @ w)
                z = fmodel.w
                fmodel.update_params([torch.minimum(torch.maximum(z, p["lower"]), p["upper"])])
            else:
                residual = w - f(w, lam)
                diffopt.step((0.0 * w).sum(), grad_callback=lambda grads: [residual])
    return out


serve(
    {
        "name": "higher",
        "version": "0.2.1",
        "problems": ["affine", "layer", "elastic-net", "quadratic-program", "bilinear"],
    },
    {"itd": itd},
    lambda x: torch.tensor(x, dtype=torch.float64),
)
