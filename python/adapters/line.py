"""What the adapters share: the protocol as JSON lines, and the maps of its families.

`serve` answers cases with functions of one case; `phi` is Φ in the array library that is given
(numpy, jax.numpy or torch), so that each library differentiates it in its own way.
"""

import json
import math
import sys
import traceback

WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


class Skip(Exception):
    """A case that the library cannot be asked; neutral."""


def read(x):
    """Numbers of the protocol as floats, in nested lists."""
    if isinstance(x, list):
        return [read(y) for y in x]
    return WORDS.get(x, x) if isinstance(x, str) else x


def write(x):
    """Nested lists of floats as numbers of the protocol."""
    if isinstance(x, list):
        return [write(y) for y in x]
    x = float(x)
    if math.isnan(x):
        return "NaN"
    return x if math.isfinite(x) else ("Infinity" if x > 0 else "-Infinity")


class Case:
    """One case: its fields as attributes, missing ones None; arrays made by `array`."""

    def __init__(self, message, array):
        self.id, self.method = message["id"], message["method"]
        self.kind = message["problem"]["kind"]
        self.steps = message.get("steps") or []
        self.p = {}
        for name, value in message["problem"].items():
            value = read(value)
            self.p[name] = array(value) if isinstance(value, list) else value
        for name in ("lambda", "w", "w0", "cotangent"):
            value = message.get(name)
            setattr(
                self, name + "_" * (name == "lambda"), None if value is None else array(read(value))
            )

    @property
    def start(self):
        return self.w if self.w0 is None else self.w0


def phi(case, xp, where=None):
    """Φ(w, λ) of a case in the array library `xp`."""
    p, kind = case.p, case.kind
    if kind == "affine":
        return lambda w, lam: p["A"] @ w + p["B"] @ lam + p["c"]
    if kind == "bilinear":
        return lambda w, lam: p["A"] @ w + (p["B"] @ w).T @ lam + p["C"] @ lam
    if kind == "layer":
        sigma = {
            "relu": lambda z: xp.where(z > 0, z, 0.0 * z),
            "leaky-relu": lambda z: xp.where(z > 0, z, 0.01 * z),
            "abs": xp.abs,
            "tanh": xp.tanh,
        }[p["activation"]]
        return lambda w, lam: p["A"] @ sigma(p["V"] @ w + p["B"] @ lam + p["c"])
    if kind == "quadratic-program":
        step, low, high = p["step"], p["lower"], p["upper"]

        def box(w, lam):
            z = w - step * (p["Q"] @ w + lam)
            return xp.where(z < low, low, xp.where(z > high, high, z))

        return box
    step, X, y = p["step"], p["X"], p["y"]

    def net(w, lam):
        z = w - step * (X.T @ (X @ w - y) / X.shape[0] + lam[1] * w)
        t = step * lam[0]
        return xp.where(z > t, z - t, xp.where(z < -t, z + t, 0.0 * z))

    return net


def residual(case, w, f):
    """‖Φ(w) - w‖ / max(1, ‖w‖)."""
    r = [float(a) - float(b) for a, b in zip(f(w, case.lambda_), w)]
    return math.hypot(*r) / max(1.0, math.hypot(*[float(a) for a in w]))


def solved(case, f, room=1e-9):
    """Skips a case that asks for the derivative at a point which is no fixed point."""
    if case.w is not None and residual(case, case.w, f) > room:
        raise Skip("w is not the solution, and the library differentiates there only")


def serve(hello, methods, array):
    """Answers until the other side stops. `methods[name](case)` gives one vector per step, or for
    `implicit` the one vector; `array` makes an array of nested lists."""
    out = sys.stdout
    sys.stdout = sys.stderr  # What libraries print is no message.
    for line in sys.stdin:
        message = json.loads(line)
        if message["type"] == "stop":
            return
        if message["type"] == "hello":
            answer = {"type": "hello", "protocol": 1, "methods": list(methods), **hello}
        else:
            answer = {"id": message["id"]}
            try:
                case = Case(message, array)
                got = methods[case.method](case)
                got = [got] if case.method == "implicit" else got
                estimates = [write([float(x) for x in g]) for g in got]
                answer.update(type="result", estimates=estimates)
            except Skip as why:
                answer.update(type="skipped", reason=str(why))
            except Exception as error:
                traceback.print_exc()
                answer.update(type="error", message=f"{type(error).__name__}: {error}"[:300])
        print(json.dumps(answer), file=out, flush=True)
