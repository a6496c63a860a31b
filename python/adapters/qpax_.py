"""qpax: solve_qp_primal on box QPs and on the duals of elastic nets.

    ratecert subject -- python qpax_.py [default|tight|implicit|implicit-tight]

`implicit` is backend="i".
"""

import sys
from importlib.metadata import version

import jax
import jax.numpy as jnp
import qpax
from line import phi, serve, solved
from qp import box, rows

jax.config.update("jax_enable_x64", True)
setting = sys.argv[1] if len(sys.argv) > 1 else "default"
options, hello = {}, {"solver_tolerance": 1e-5, "tolerance": 1e-3}
if "tight" in setting:
    options, hello = (
        {"solver_tol": 1e-11, "target_kappa": 1e-11, "max_iter": 100},
        {"solver_tolerance": 1e-9, "tolerance": 1e-9},
    )
if "implicit" in setting:
    options["backend"] = "i"


def implicit(case):
    solved(case, phi(case, jnp))

    def solution(lam):
        Q, q, low, high, back = box(case, lam, jnp, jnp.linalg.inv, jnp.eye)
        if case.kind == "quadratic-program":
            G, h = rows(low, high, len(q), jnp, jnp.eye)
        else:
            G, h = (
                jnp.concatenate([jnp.eye(len(q)), -jnp.eye(len(q))]),
                jnp.concatenate([high, -low]),
            )
        return back(
            qpax.solve_qp_primal(Q, q, jnp.zeros((0, len(q))), jnp.zeros(0), G, h, **options)
        )

    _, back = jax.vjp(solution, case.lambda_)
    return back(case.cotangent)[0]


serve(
    {
        "name": f"qpax {setting}",
        "version": version("qpax"),
        **hello,
        "problems": ["elastic-net", "quadratic-program"],
    },
    {"implicit": implicit},
    lambda x: jnp.asarray(x, dtype=jnp.float64),
)
