"""Races ratecert against jitted JAX and jaxopt: one run, one core, the same problems, in double precision.

`just bench-peers` builds `cargo bench --bench peers`, which poses the problems and times our side whenever it is
asked, and installs JAX and jaxopt beside it. Rounds of both sides alternate; a ratio is the median of the ratios
of the rounds. Both sides must agree on the result before they are timed. Exits 1 where a ratio that is promised
is missed.

usage: peers.py [--bench PATH_OF_THE_BUILT_BENCH] [--rounds N] [--only NAME] [--out FILE.json]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

# One thread of one core, for both sides; set before JAX is loaded.
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["JAX_PLATFORMS"] = "cpu"

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402

jax.config.update("jax_enable_x64", True)


def soft(z, t):
    return jnp.sign(z) * jnp.maximum(jnp.abs(z) - t, 0.0)


def elastic_net(p):
    """Φ through the Gram matrix, as ours where n ≥ d/2."""
    x, y, eta = jnp.array(p["X"]), jnp.array(p["y"]), p["step"]
    gram, b = x.T @ x / len(y), x.T @ y / len(y)

    def phi(w, lam):
        return soft(w - eta * (gram @ w - b + lam[1] * w), eta * lam[0])

    return phi


def affine(p):
    a, b, c = (jnp.array(p[k]) for k in "ABc")
    return lambda w, lam: a @ w + b @ lam + c


def aid_fp(phi, p):
    w, lam, v0 = jnp.array(p["w"]), jnp.array(p["lambda"]), jnp.array(p["cotangent"])

    def run(w, lam, y):
        _, pull = jax.vjp(phi, w, lam)
        v = jax.lax.fori_loop(0, p["steps"], lambda _, v: pull(v)[0] + y, jnp.zeros_like(y))
        return pull(v)[1]

    return jax.jit(run), (w, lam, v0)


def iterate(phi, steps):
    def run(w, lam):
        return jax.lax.scan(lambda w, _: (phi(w, lam), None), w, None, length=steps)[0]

    return run


def itd_reverse(phi, p):
    start = jnp.zeros(len(p["w"])) if "X" in p else jnp.array(p["w"])

    def run(w, lam, y):
        _, pull = jax.vjp(lambda lam: iterate(phi, p["steps"])(w, lam), lam)
        return pull(y)[0]

    return jax.jit(run), (start, jnp.array(p["lambda"]), jnp.array(p["cotangent"]))


def itd_forward(phi, p):
    start = jnp.zeros(len(p["w"])) if "X" in p else jnp.array(p["w"])

    def run(w, lam):
        # Both columns of D at once.
        return jax.jacfwd(lambda lam: iterate(phi, p["steps"])(w, lam))(lam)

    return jax.jit(run), (start, jnp.array(p["lambda"]))


def nsid(p):
    x, y, eta = jnp.array(p["X"]), jnp.array(p["y"]), p["step"]
    inner, linear = jnp.array(p["inner"]), jnp.array(p["linear"]).reshape(-1, p["batch"])

    def step(w, lam, rows):
        own = x[rows]
        return w - eta * (own.T @ (own @ w - y[rows]) / rows.shape[0] + lam[1] * w)

    def run(w, lam, cotangent, inner, linear, steps):
        mean, of_mean = jax.vjp(lambda w, lam: step(w, lam, inner), w, lam)
        _, of_prox = jax.vjp(lambda u, lam: soft(u, eta * lam[0]), mean, lam)

        def update(v, given):
            rows, eta_i = given
            _, pull = jax.vjp(lambda w: step(w, lam, rows), w)
            return (1 - eta_i) * v + eta_i * (pull(of_prox(v)[0])[0] + cotangent), None

        v = jax.lax.scan(update, jnp.zeros_like(w), (linear, steps))[0]
        by_u, by_lam = of_prox(v)
        return of_mean(by_u)[1] + by_lam

    given = (p["w"], p["lambda"], p["cotangent"])
    return jax.jit(run), (*map(jnp.array, given), inner, linear, jnp.array(p["eta"]))


def hypergradient(p):
    """jaxopt's proximal gradient with implicit differentiation through a direct solve, as its users write
    it: the objective is its own, which reads X at every iteration."""
    from jaxopt import ProximalGradient
    from jaxopt import linear_solve, objective, prox

    x, y = jnp.array(p["X"]), jnp.array(p["y"])
    largest = float(jnp.linalg.norm(x, ord=2) ** 2 / len(y))

    def solve(lam):
        # jaxopt: ½‖Xw-y‖²/n + λ₁‖w‖₁ + (λ₁·ratio/2)‖w‖².
        solver = ProximalGradient(
            fun=objective.least_squares,
            prox=prox.prox_elastic_net,
            tol=1e-12,
            maxiter=100_000,
            stepsize=1.0 / largest,
            implicit_diff=True,
            implicit_diff_solve=linear_solve.solve_lu,
        )
        return solver.run(jnp.zeros(x.shape[1]), (lam[0], lam[1] / lam[0]), (x, y)).params

    def run(lam, cotangent):
        w, pull = jax.vjp(solve, lam)
        return w, pull(cotangent)[0]

    return jax.jit(run), (jnp.array(p["lambda"]), jnp.array(p["cotangent"]))


# Name, what JAX runs, the ratio JAX/ours that must hold, what a figure is for.
CASES = [
    ("aid-fp-100", lambda p: aid_fp(elastic_net(p), p), 2.5),
    ("aid-fp-10000", lambda p: aid_fp(elastic_net(p), p), 2.5),
    ("itd-reverse-100", lambda p: itd_reverse(elastic_net(p), p), 2.5),
    ("itd-reverse-10000", lambda p: itd_reverse(elastic_net(p), p), 2.5),
    ("itd-forward-100", lambda p: itd_forward(elastic_net(p), p), 2.5),
    ("itd-forward-10000", lambda p: itd_forward(elastic_net(p), p), 2.5),
    ("nsid-10000", nsid, 1.5),
    ("affine-aid-fp", lambda p: aid_fp(affine(p), p), 1.0),
    ("affine-itd-reverse", lambda p: itd_reverse(affine(p), p), 1.0),
    ("affine-itd-forward", lambda p: itd_forward(affine(p), p), 1.0),
    ("hypergradient-100", hypergradient, 1.0),
    ("hypergradient-weak-100", hypergradient, 1.0),
    ("hypergradient-10000", hypergradient, 0.2),
]


class Ours:
    """The bench, one question at a time."""

    def __init__(self, path):
        command = [path, "--serve"] if path else ["cargo", "bench", "-q", "--bench", "peers", "--", "--serve"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, name):
        self.process.stdin.write(name + "\n")
        self.process.stdin.flush()
        return answer(self.process.stdout.readline())


def timed(call, arguments):
    """Microseconds of a call: the median of a tenth of a second of calls."""
    times = []
    while len(times) < 3 or sum(times) < 0.1:
        begin = time.perf_counter()
        jax.block_until_ready(call(*arguments))
        times.append(time.perf_counter() - begin)
    return statistics.median(times) * 1e6


def agree(name, theirs, ours, posed):
    """Both computed the same, as far as the slower of two claims of accuracy goes."""
    if not name.startswith("hypergradient"):
        a, b = np.ravel(np.asarray(theirs), order="F"), np.array(ours)
        off = np.max(np.abs(a - b)) / np.max(np.abs(b))
        return off <= 1e-9, f"{off:.0e}"
    w, gradient = (np.asarray(v) for v in theirs)
    d = len(w)
    jacobian = np.array(ours[d : 3 * d]).reshape(2, d)
    exact = jacobian @ np.array(posed["cotangent"])
    off = np.linalg.norm(gradient - exact) / np.linalg.norm(exact)
    return max(ours[-2:]) < 1e-13 and off <= 1e-8, f"{off:.0e}, ours {max(ours[-2:]):.0e}"


def answer(line):
    """What the bench answered; ends where it did not."""
    found = json.loads(line) if line else {"error": "it ended: `cargo bench --bench peers` shows why"}
    if "error" in found:
        sys.exit(f"the peers bench: {found['error']}")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bench", help="the built peers bench; without it cargo builds and runs it")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", default="", help="cases whose names contain this")
    parser.add_argument("--out", help="also write the figures to this file")
    options = parser.parse_args()
    ours, rows, missed = Ours(options.bench), [], 0
    print(f"JAX {jax.__version__}, one core, double precision; microseconds a step or a solve")
    print(f"{'case':<20} {'JAX':>10} {'ratecert':>10} {'JAX/ours':>9} {'promised':>9}  off by")
    for name, build, promised in CASES:
        if options.only not in name:
            continue
        posed = ours.ask(name)
        call, arguments = build(posed)
        steps = 1 if name.startswith("hypergradient") else posed["steps"]
        same, by = agree(name, call(*arguments), ours.ask(name)["value"], posed)
        pairs = []
        for _ in range(options.rounds):
            pairs.append((timed(call, arguments) / steps, ours.ask(name)["us"]))
        theirs, own = (statistics.median(column) for column in zip(*pairs))
        ratio = statistics.median(a / b for a, b in pairs)
        held = same and ratio >= promised
        missed += not held
        note = "" if held else "  MISSED" if same else "  THE RESULTS DIFFER"
        print(f"{name:<20} {theirs:>10.2f} {own:>10.2f} {ratio:>9.2f} {promised:>9.1f}  {by}{note}", flush=True)
        rows.append({"case": name, "jax_us": theirs, "ratecert_us": own, "ratio": ratio, "promised": promised})
    if options.out:
        with open(options.out, "w") as file:
            json.dump({"jax": jax.__version__, "rows": rows}, file, indent=1)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
