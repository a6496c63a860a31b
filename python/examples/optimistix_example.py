"""The implicit adjoint of optimistix.

What it shows: a library that finds its own fixed point, and declares how far that may be from the
solution. Where a case says at which w to differentiate, the map is shifted by the constant
w - Φ(w, λ), which makes w its fixed point and changes no derivative.

How to run it (about a minute):

    pip install ./python optimistix
    python python/examples/optimistix_example.py
"""

import sys

import jax
import jax.numpy as jnp
import optimistix

import ratecert
import ratecert.jax

jax.config.update("jax_enable_x64", True)

# optimistix compares the largest component of Φ(w) - w with atol + rtol·|w|.
TOLERANCE = 1e-13


def implicit(case):
    phi = ratecert.jax.phi(case)
    lam = jnp.asarray(case.lambda_)
    start = jnp.asarray(case.w0 if case.w is None else case.w)
    shift = 0.0 if case.w is None else start - phi(start, lam)

    def solution(lam):
        return optimistix.fixed_point(
            lambda w, lam: phi(w, lam) + shift,
            optimistix.FixedPointIteration(rtol=TOLERANCE, atol=TOLERANCE),
            start,
            args=lam,
            adjoint=optimistix.ImplicitAdjoint(),
            max_steps=100_000,
        ).value

    _, pullback = jax.vjp(solution, lam)
    return pullback(jnp.asarray(case.cotangent))[0]


if __name__ == "__main__":
    result = ratecert.certify(
        implicit=implicit,
        solver_tolerance=1e-12,
        name="optimistix ImplicitAdjoint",
        version=optimistix.__version__,
        # Every case is another function to JAX, and compiled anew.
        max_dim=20,
    )
    print(result)
    print(f"{result.seconds:.1f} s, {result.seconds_in_callables:.1f} s of them in JAX")
    sys.exit(result.exit_code)
