"""How far recorded answers are from what numpy gives by a direct solve: the check of the checker.

    ratecert subject --record FILE -- ... ; python measure.py FILE [FILE...]

For `implicit` the system (I - J₁ᵀ)v = y is solved by LU at w, or at a fixed point found by
iteration and polished on its piece; for `itd` the recursion is run forward. No code of ratecert is
used. At ties one selection is taken, so that differences there mean nothing.
"""

import json
import sys

import numpy as np
from line import Case, phi


def products(case, w, lam):
    """J₁ and J₂ of Φ at (w, λ), by formula; and the smallest distance of a unit from its kink."""
    p, kind = case.p, case.kind
    if kind == "affine":
        return p["A"], p["B"], np.inf
    if kind == "bilinear":
        J2 = np.stack([B @ w for B in p["B"]], axis=1) + p["C"]
        return p["A"] + np.tensordot(lam, p["B"], 1), J2, np.inf
    if kind == "layer":
        z = p["V"] @ w + p["B"] @ lam + p["c"]
        s = {
            "relu": lambda: 1.0 * (z > 0),
            "leaky-relu": lambda: np.where(z > 0, 1.0, 0.01),
            "abs": lambda: np.sign(z),
            "tanh": lambda: 1 - np.tanh(z) ** 2,
        }[p["activation"]]()
        edge = np.inf if p["activation"] == "tanh" else abs(z).min()
        return p["A"] @ (s[:, None] * p["V"]), p["A"] @ (s[:, None] * p["B"]), edge
    if kind == "quadratic-program":
        z = w - p["step"] * (p["Q"] @ w + lam)
        on = (z > p["lower"]) & (z < p["upper"])
        J = np.eye(len(w)) - p["step"] * p["Q"]
        edge = min(abs(z - p["lower"]).min(), abs(z - p["upper"]).min())
        return on[:, None] * J, np.diag(-p["step"] * on), edge
    X, y, step = p["X"], p["y"], p["step"]
    z = w - step * (X.T @ (X @ w - y) / len(y) + lam[1] * w)
    on = abs(z) > step * lam[0]
    J = (1 - step * lam[1]) * np.eye(len(w)) - step * X.T @ X / len(y)
    J2 = np.stack([-step * on * np.sign(z), -step * on * w], axis=1)
    return on[:, None] * J, J2, abs(abs(z) - step * lam[0]).min()


def truth(case):
    """The estimates, and the smallest distance from a kink where they are taken."""
    lam, y, f = case.lambda_, case.cotangent, phi(case, np)
    if case.method == "itd":
        w, D, out, near = case.w0, np.zeros((len(case.w0), len(lam))), {}, np.inf
        for t in range(case.steps[-1] + 1):
            out[t] = D.T @ y
            J1, J2, edge = products(case, w, lam)
            D, w, near = J1 @ D + J2, f(w, lam), min(near, edge)
        return [out[t] for t in case.steps], near
    w = case.w
    if w is None:
        w = case.w0
        for _ in range(100_000):
            new = f(w, lam)
            done, w = np.array_equal(new, w), new
            if done:
                break
        for _ in range(3):
            J1 = products(case, w, lam)[0]
            w = w + np.linalg.solve(np.eye(len(w)) - J1, f(w, lam) - w)
    J1, J2, edge = products(case, w, lam)
    return [J2.T @ np.linalg.solve(np.eye(len(w)) - J1.T, y)], edge


def pairs(path):
    """Cases of a recording with their answers."""
    cases = {}
    for line in open(path):
        m = json.loads(line)
        if m.get("type") == "case":
            cases[m["id"]] = m
        elif m.get("type") in ("result", "skipped", "error") and m["id"] in cases:
            yield cases[m["id"]], m


def main():
    from line import read

    shown = "-v" in sys.argv
    for path in [a for a in sys.argv[1:] if a != "-v"]:
        found = {}
        for message, answer in pairs(path):
            case = Case(message, np.array)
            where = "w" if case.method == "implicit" and case.w is not None else "w0"
            key = (case.method, where, case.kind)
            row = found.setdefault(key, {"n": 0, "tie": 0, "skipped": 0, "error": 0, "e": []})
            if answer["type"] != "result":
                row[answer["type"]] += 1
                continue
            want, edge = truth(case)
            if edge < 1e-13:
                row["tie"] += 1
                continue
            row["n"] += 1
            err = 0.0
            for g, t in zip(answer["estimates"], want):
                scale = max(np.linalg.norm(t), 1e-300)
                off = np.linalg.norm(np.array(read(g), float) - t)
                err = max(
                    err, off / scale if np.linalg.norm(t) > 0 else (0.0 if off == 0 else np.inf)
                )
            row["e"].append((err, case.id))
        print(path)
        for key, row in sorted(found.items()):
            e = sorted(row["e"], reverse=True)
            if e:
                med = e[len(e) // 2][0]
                worst = ", ".join(f"{i} {x:.1e}" for x, i in e[: 6 if shown else 1])
                text = f"relative error median {med:.1e}, largest: {worst}"
            else:
                text = ""
            print(
                f"  {key[0]:9} {key[1]:3} {key[2]:18} {row['n']:3} compared, {row['tie']} ties, "
                f"{row['skipped']} skipped, {row['error']} errors; {text}"
            )


if __name__ == "__main__":
    main()
