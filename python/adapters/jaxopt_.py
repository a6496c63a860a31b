"""jaxopt: custom_fixed_point at a given w, its solvers from w0, and unrolling.

    ratecert subject -- python jaxopt_.py [fixed-point|solvers|anderson] [default|tight|lu] [undeclared] [tol0]

`undeclared` declares no tolerance of the linear solve; `tol0` unrolls with tol=0 instead of -1.
"""

import sys
from importlib.metadata import version

import jax
import jax.numpy as jnp
import jaxopt
from jaxopt import linear_solve
from line import Skip, phi, serve

jax.config.update("jax_enable_x64", True)
way = sys.argv[1] if len(sys.argv) > 1 else "fixed-point"
setting = sys.argv[2] if len(sys.argv) > 2 else "default"
hello = {
    "name": f"jaxopt {way} {setting}",
    "version": version("jaxopt"),
    "problems": ["affine", "layer", "elastic-net", "quadratic-program", "bilinear"],
}


def tight_normal_cg(matvec, b, **kwargs):
    return linear_solve.solve_normal_cg(matvec, b, tol=1e-13, maxiter=10_000, **kwargs)


solve = {"default": None, "tight": tight_normal_cg, "lu": linear_solve.solve_lu}[setting]
TOL = {} if setting == "default" else {"tol": 1e-13, "maxiter": 100_000}
if setting == "default":
    # The defaults: tol=1e-5 of the fixed-point solvers and of the linear solve, 1e-3 of the others.
    hello.update(tolerance=1e-5, solver_tolerance=1e-3 if way == "solvers" else 1e-5)
elif setting == "tight":
    hello.update(tolerance=1e-12, solver_tolerance=1e-12)
else:
    hello.update(solver_tolerance=1e-12)
if "undeclared" in sys.argv:
    hello.pop("tolerance", None)


def build(case, **more):
    """A jaxopt solver for a case, as its users would choose it, and the parameters it takes."""
    f, p = phi(case, jnp), case.p
    opts = {**TOL, **more, "implicit_diff_solve": solve}
    if way == "anderson":
        return jaxopt.AndersonAcceleration(lambda w, lam: f(w, lam), **opts), lambda lam: (lam,)
    if way == "solvers" and case.kind in ("elastic-net", "quadratic-program"):
        # Their defaults are a line search and acceleration; unrolled, the plain step of the case.
        if not more["implicit_diff"]:
            opts.update(stepsize=p["step"], acceleration=False)
        if case.kind == "elastic-net":

            def net(w, ridge):
                r = p["X"] @ w - p["y"]
                return 0.5 * r @ r / len(p["y"]) + 0.5 * ridge * w @ w

            s = jaxopt.ProximalGradient(net, jaxopt.prox.prox_lasso, **opts)
            return s, lambda lam: (lam[0], lam[1])

        def box(w, lam):
            return 0.5 * w @ p["Q"] @ w + lam @ w

        s = jaxopt.ProjectedGradient(box, jaxopt.projection.projection_box, **opts)
        return s, lambda lam: ((p["lower"], p["upper"]), lam)
    return jaxopt.FixedPointIteration(lambda w, lam: f(w, lam), **opts), lambda lam: (lam,)


def implicit(case):
    f = phi(case, jnp)
    if case.w is None:
        s, args = build(case, implicit_diff=True)

        def solution(lam):
            return s.run(case.w0, *args(lam)).params
    elif way == "fixed-point":
        kw = {} if solve is None else {"solve": solve}

        @jaxopt.implicit_diff.custom_fixed_point(lambda w, lam: f(w, lam), **kw)
        def at(init, lam):
            return case.w

        def solution(lam):
            return at(None, lam)
    else:  # The solver itself, on the same map shifted so that w is its fixed point.
        shift = case.w - f(case.w, case.lambda_)
        if float(jnp.abs(shift).max()) > 1e-12 and way == "solvers":
            raise Skip("w is not the solution")
        s, args = build(case, implicit_diff=True)

        def solution(lam):
            return s.run(case.w, *args(lam)).params

        if way == "anderson":
            s = jaxopt.AndersonAcceleration(
                lambda w, lam: f(w, lam) + shift, implicit_diff_solve=solve, **TOL
            )
    _, back = jax.vjp(solution, case.lambda_)
    return back(case.cotangent)[0]


def itd(case):
    """Unrolling by jaxopt itself: implicit_diff=False, exactly t iterations."""
    out = []
    for t in case.steps:
        if t == 0:
            out.append(jnp.zeros_like(case.lambda_))
            continue
        # tol=-1: with tol=0 a run that starts at the solution stops after one iteration.
        tol = 0.0 if "tol0" in sys.argv else -1.0
        s, args = build(case, implicit_diff=False, jit=False, unroll=True, maxiter=t, tol=tol)
        _, back = jax.vjp(lambda lam: s.run(case.w0, *args(lam)).params, case.lambda_)
        out.append(back(case.cotangent)[0])
    return out


serve(
    hello,
    {"implicit": implicit} if way == "anderson" else {"implicit": implicit, "itd": itd},
    lambda x: jnp.asarray(x, dtype=jnp.float64),
)
