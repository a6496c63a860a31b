"""Implicit differentiation in JAX: a custom_vjp written by hand, and jaxopt.

What it shows: `ratecert.jax.phi(case)` is the map of a case as a JAX function, so whatever
differentiates the fixed point of such a function can be tried: here a `jax.custom_vjp` with a
direct solve in its backward pass, and `jaxopt.implicit_diff.custom_fixed_point` with GMRES, which
is judged to the tolerance that it declares. Where jaxopt is not installed its half is left out.

How to run it (about two minutes):

    pip install ./python jax jaxopt
    python python/examples/jax_custom_vjp.py
"""

import sys
from functools import partial
from importlib.metadata import version

import jax
import jax.numpy as jnp

import ratecert
import ratecert.jax

jax.config.update("jax_enable_x64", True)

STEP_TOLERANCE = 1e-12
LINEAR_TOLERANCE = 1e-10
# Every case is another function to JAX, and compiled anew; large ones show nothing else here.
LARGEST = 20


def iterate(phi, w, lam):
    """Iterates Φ until w moves no more than STEP_TOLERANCE."""

    def moves(state):
        w, following = state
        size = jnp.maximum(1.0, jnp.linalg.norm(w))
        return jnp.linalg.norm(following - w) > STEP_TOLERANCE * size

    def step(state):
        _, following = state
        return following, phi(following, lam)

    return jax.lax.while_loop(moves, step, (w, phi(w, lam)))[0]


# --- By hand --------------------------------------------------------------------------------------


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def fixed_point(phi, given, w, lam):
    """The solution w(λ), or w itself where it is given as the point at which to differentiate."""
    return w if given else iterate(phi, w, lam)


def forward(phi, given, w, lam):
    solution = fixed_point(phi, given, w, lam)
    return solution, (solution, lam)


def backward(phi, given, saved, cotangent):
    w, lam = saved
    P = jax.jacobian(phi)(w, lam)
    v = jnp.linalg.solve(jnp.eye(len(w)) - P.T, cotangent)
    _, pullback = jax.vjp(lambda lam: phi(w, lam), lam)
    # The start of the iteration has no influence.
    return jnp.zeros_like(w), pullback(v)[0]


fixed_point.defvjp(forward, backward)


def by_hand(case):
    phi = ratecert.jax.phi(case)
    given = case.w is not None
    w = jnp.asarray(case.w if given else case.w0)
    _, pullback = jax.vjp(lambda lam: fixed_point(phi, given, w, lam), jnp.asarray(case.lambda_))
    return pullback(jnp.asarray(case.cotangent))[0]


# --- With jaxopt ----------------------------------------------------------------------------------


def with_jaxopt(case):
    from jaxopt import implicit_diff, linear_solve

    phi = ratecert.jax.phi(case)
    given = case.w is not None
    gmres = partial(
        linear_solve.solve_gmres, tol=LINEAR_TOLERANCE, restart=case.dim, maxiter=10 * case.dim
    )

    def solve(matvec, b, **more):
        # Without this a cotangent of size 1e-100 gets the answer 0: JAX's GMRES takes vectors
        # below the unit roundoff for zero. The case "cotangent-sizes-implicit-4" shows it.
        size = jnp.max(jnp.abs(b))
        size = jnp.where(size > 0, size, 1.0)
        return size * gmres(matvec, b / size, **more)

    @implicit_diff.custom_fixed_point(phi, solve=solve)
    def solver(w, lam):
        return w if given else iterate(phi, w, lam)

    w = jnp.asarray(case.w if given else case.w0)
    _, pullback = jax.vjp(lambda lam: solver(w, lam), jnp.asarray(case.lambda_))
    return pullback(jnp.asarray(case.cotangent))[0]


if __name__ == "__main__":
    subjects = [
        ratecert.Subject(
            implicit=by_hand,
            max_dim=LARGEST,
            solver_tolerance=STEP_TOLERANCE,
            name="jax.custom_vjp by hand",
        )
    ]
    try:
        import jaxopt  # noqa: F401
    except ImportError:
        print("jaxopt is not installed: only the custom_vjp is judged")
    else:
        subjects.append(
            ratecert.Subject(
                implicit=with_jaxopt,
                tolerance=LINEAR_TOLERANCE,
                solver_tolerance=STEP_TOLERANCE,
                name="jaxopt custom_fixed_point, GMRES",
                version=version("jaxopt"),
                max_dim=LARGEST,
            )
        )
    results = [ratecert.certify(subject) for subject in subjects]
    for result in results:
        print(result)
        print(f"{result.seconds:.1f} s, {result.seconds_in_callables:.1f} s of them in JAX\n")
    sys.exit(max(result.exit_code for result in results))
