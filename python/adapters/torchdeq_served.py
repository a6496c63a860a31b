"""torchdeq: a tanh layer of its own as a served map, with its hypergradient.

ratecert subject -- python torchdeq_served.py [default|ift|tight]
"""

import json
import sys

import torch
from torchdeq import get_deq

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
setting = sys.argv[1] if len(sys.argv) > 1 else "ift"
options, declared = (
    {"ift": setting != "default"},
    {"linear_tolerance": 1e-6, "step_tolerance": 1e-3},
)
if setting == "tight":
    options.update(
        f_tol=1e-13,
        b_tol=1e-13,
        f_max_iter=5000,
        b_max_iter=5000,
        f_stop_mode="rel",
        b_stop_mode="rel",
    )
    declared = {"linear_tolerance": 1e-12, "step_tolerance": 1e-12}
deq = get_deq(**options)
deq.train()
d, m = 5, 3
torch.manual_seed(0)
W = torch.randn(d, d)
W, U, b = 0.7 * W / torch.linalg.matrix_norm(W, 2), torch.randn(d, m), torch.randn(d)


def phi(w, lam):
    return torch.tanh(w @ W.T + U @ lam + b)


def value(e):
    w, lam = torch.tensor(e["w"], requires_grad=True), torch.tensor(e["lambda"], requires_grad=True)
    if e["what"] == "phi":
        return phi(w, lam)
    u = torch.tensor(e["u"])
    if e["what"] == "vjp":
        return torch.cat(torch.autograd.grad(phi(w, lam), (w, lam), u))
    out, _ = deq(lambda z: phi(z[0], lam)[None], w.detach()[None])
    return torch.autograd.grad(out[-1][0], lam, u)[0]


out, sys.stdout = sys.stdout, sys.stderr
for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "stop":
        break
    if message["type"] == "hello":
        answer = {
            "type": "hello",
            "protocol": 1,
            "name": f"torchdeq served {setting}",
            "version": "0.1.0",
            "methods": [],
            "problems": [],
            "maps": [
                {
                    "name": "tanh-deq",
                    "dim": d,
                    "params": m,
                    "w0": [0.0] * d,
                    "lambda": [0.3, -0.2, 0.5],
                    "products": ["vjp"],
                    "hypergradient": {"inner": "implicit", **declared},
                }
            ],
        }
    elif message["type"] == "evals":
        answer = {
            "type": "values",
            "id": message["id"],
            "values": [value(e).tolist() for e in message["items"]],
        }
    else:
        answer = {"type": "value", "id": message["id"], "value": value(message).tolist()}
    print(json.dumps(answer), file=out, flush=True)
