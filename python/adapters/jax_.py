"""JAX alone: lax.custom_root, and an adjoint by jax.scipy's solvers through lax.custom_linear_solve.

    ratecert subject -- python jax_.py [gmres|gmres-tight|bicgstab|dense] [undeclared]

lax.custom_root takes the residual Φ(w) - w, a solver that returns w (or iterates Φ from w0), and a
tangent solve; its reverse mode transposes that solve by lax.custom_linear_solve.
"""

import sys

import jax
import jax.numpy as jnp
from jax import lax
from jax.scipy.sparse import linalg
from line import phi, serve

jax.config.update("jax_enable_x64", True)
setting = sys.argv[1] if len(sys.argv) > 1 else "gmres"
tol = {"tol": 1e-13, "maxiter": 1000} if "tight" in setting else {}
hello = (
    {} if setting == "dense" or "undeclared" in sys.argv else {"tolerance": 1e-12 if tol else 1e-5}
)


def tangent_solve(g, y):
    if setting == "dense":
        return jnp.linalg.solve(jax.jacobian(g)(y), y)
    method = linalg.bicgstab if "bicgstab" in setting else linalg.gmres

    def solve(matvec, b):
        return method(matvec, b, **tol)[0]

    return lax.custom_linear_solve(g, y, solve, transpose_solve=solve)


def implicit(case):
    f = phi(case, jnp)

    def find(residual, init):
        if case.w is not None:
            return init
        return lax.while_loop(
            lambda c: (jnp.abs(residual(c[0])).max() > 1e-14) & (c[1] < 100_000),
            lambda c: (c[0] + residual(c[0]), c[1] + 1),
            (init, 0),
        )[0]

    def solution(lam):
        return lax.custom_root(lambda w: f(w, lam) - w, case.start, find, tangent_solve)

    _, back = jax.vjp(solution, case.lambda_)
    return back(case.cotangent)[0]


serve(
    {
        "name": f"jax {setting}",
        "version": jax.__version__,
        "solver_tolerance": 1e-12,
        **hello,
        "problems": ["affine", "layer", "elastic-net", "quadratic-program", "bilinear"],
    },
    {"implicit": implicit},
    lambda x: jnp.asarray(x, dtype=jnp.float64),
)
