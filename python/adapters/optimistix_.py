"""optimistix with lineax: implicit adjoints of fixed_point, and unrolling by its checkpointed adjoint.

    ratecert subject -- python optimistix_.py [default|tight|gmres|bicgstab|normal-cg]

At a given w the map is shifted by the constant w - Φ(w), which makes w its fixed point.
"""

import sys

import jax
import jax.numpy as jnp
import lineax as lx
import optimistix as optx
from line import phi, serve

jax.config.update("jax_enable_x64", True)
setting = sys.argv[1] if len(sys.argv) > 1 else "default"
tol = 1e-13 if setting != "default" else 1e-6
linear = {
    "gmres": lx.GMRES(rtol=1e-6, atol=1e-6),
    "bicgstab": lx.BiCGStab(rtol=1e-6, atol=1e-6),
}.get(setting)
if setting == "normal-cg":
    linear = (
        lx.Normal(lx.CG(rtol=1e-6, atol=1e-6))
        if hasattr(lx, "Normal")
        else lx.NormalCG(rtol=1e-6, atol=1e-6)
    )
adjoint = optx.ImplicitAdjoint() if linear is None else optx.ImplicitAdjoint(linear_solver=linear)
hello = {"solver_tolerance": 1e-5 if setting == "default" else 1e-12}
if linear is not None:
    hello["tolerance"] = 1e-6


def implicit(case):
    f = phi(case, jnp)
    shift = 0.0 if case.w is None else case.w - f(case.w, case.lambda_)

    def solution(lam):
        return optx.fixed_point(
            lambda w, lam: f(w, lam) + shift,
            optx.FixedPointIteration(rtol=tol, atol=tol),
            case.start,
            args=lam,
            adjoint=adjoint,
            max_steps=100_000,
        ).value

    _, back = jax.vjp(solution, case.lambda_)
    return back(case.cotangent)[0]


def itd(case):
    """Exactly t iterations: no tolerance is met, max_steps ends the run."""
    f, out = phi(case, jnp), []
    for t in case.steps:
        if t == 0:
            out.append(jnp.zeros_like(case.lambda_))
            continue

        def iterate(lam):
            return optx.fixed_point(
                f,
                optx.FixedPointIteration(rtol=0.0, atol=0.0, norm=lambda x: jnp.full((), jnp.inf)),
                case.w0,
                args=lam,
                adjoint=optx.RecursiveCheckpointAdjoint(),
                max_steps=t,
                throw=False,
            ).value

        _, back = jax.vjp(iterate, case.lambda_)
        out.append(back(case.cotangent)[0])
    return out


serve(
    {
        "name": f"optimistix {setting}",
        "version": optx.__version__,
        **hello,
        "problems": ["affine", "layer", "elastic-net", "quadratic-program", "bilinear"],
    },
    {"implicit": implicit, "itd": itd} if setting == "default" else {"implicit": implicit},
    lambda x: jnp.asarray(x, dtype=jnp.float64),
)
