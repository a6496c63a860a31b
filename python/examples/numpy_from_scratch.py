"""All methods of the protocol in plain NumPy, certified.

What it shows: how the formulas look when they are written down directly, with dense Jacobians and
the slope 0 on every kink; and that they pass. Copy a function from here and change it to see what
ratecert says of a mistake.

How to run it (a minute at most):

    pip install ./python numpy
    python python/examples/numpy_from_scratch.py
"""

import sys

import numpy as np

import ratecert

# --- Maps and their Jacobians ---------------------------------------------------------------------


def phi(problem, w, lam):
    """Φ(w, λ)."""
    p = problem
    if p.kind == "affine":
        return np.array(p.A) @ w + np.array(p.B) @ lam + p.c
    if p.kind == "layer":
        return np.array(p.A) @ sigma(p.activation, inner(p, w, lam))
    if p.kind == "elastic-net":
        return soft(inner(p, w, lam), p.step * lam[0])
    if p.kind == "quadratic-program":
        return np.clip(inner(p, w, lam), p.lower, p.upper)
    return operator(p, lam) @ w + np.array(p.C) @ lam


def jacobians(problem, w, lam):
    """∂₁Φ (d×d) and ∂₂Φ (d×m)."""
    p = problem
    if p.kind == "affine":
        return np.array(p.A), np.array(p.B)
    if p.kind == "layer":
        outer = np.array(p.A) * slope(p.activation, inner(p, w, lam))
        return outer @ p.V, outer @ p.B
    if p.kind == "elastic-net":
        X = np.array(p.X)
        z = inner(p, w, lam)
        sign = np.where(np.abs(z) > p.step * lam[0], np.sign(z), 0.0)
        active = np.abs(sign)[:, None]
        identity = np.eye(len(w))
        by_w = active * (identity - p.step * (X.T @ X / len(X) + lam[1] * identity))
        by_lam = active * np.stack([-p.step * sign, -p.step * w], axis=1)
        return by_w, by_lam
    if p.kind == "quadratic-program":
        z = inner(p, w, lam)
        free = ((np.array(p.lower) < z) & (z < np.array(p.upper)))[:, None]
        identity = np.eye(len(w))
        return free * (identity - p.step * np.array(p.Q)), free * (-p.step * identity)
    return operator(p, lam), np.stack([b @ w for b in np.array(p.B)], axis=1) + p.C


def inner(p, w, lam):
    """What the nonlinearity is applied to."""
    if p.kind == "layer":
        return np.array(p.V) @ w + np.array(p.B) @ lam + p.c
    if p.kind == "elastic-net":
        X = np.array(p.X)
        return w - p.step * (X.T @ (X @ w - p.y) / len(X) + lam[1] * w)
    return w - p.step * (np.array(p.Q) @ w + lam)


def operator(p, lam):
    """A + Σ_k λ_k B_k of a bilinear map."""
    return np.array(p.A) + np.tensordot(lam, np.array(p.B), axes=1)


def soft(z, threshold):
    return np.sign(z) * np.maximum(np.abs(z) - threshold, 0.0)


def sigma(name, z):
    return {
        "relu": np.maximum(z, 0.0),
        "abs": np.abs(z),
        "leaky-relu": np.where(z > 0, z, 0.01 * z),
        "tanh": np.tanh(z),
    }[name]


def slope(name, z):
    return {
        "relu": np.where(z > 0, 1.0, 0.0),
        "abs": np.sign(z),
        "leaky-relu": np.where(z > 0, 1.0, 0.01),
        "tanh": 1.0 - np.tanh(z) ** 2,
    }[name]


# --- Iterative differentiation --------------------------------------------------------------------


def trajectory(case):
    """The points w_0, w_1, ... at which ITD linearises: those of Φ, or those that are given."""
    if case.path is not None:
        return [np.array(w) for w in case.path]
    points = [np.array(case.w0)]
    for _ in range(case.last):
        points.append(phi(case.problem, points[-1], np.array(case.lambda_)))
    return points


def itd(case):
    """Reverse mode: D_tᵀy backwards through t steps."""
    lam = np.array(case.lambda_)
    linear = [jacobians(case.problem, w, lam) for w in trajectory(case)[: case.last]]
    for t in case.steps:
        v, gradient = np.array(case.cotangent), np.zeros(len(lam))
        for by_w, by_lam in reversed(linear[:t]):
            gradient += by_lam.T @ v
            v = by_w.T @ v
        yield gradient


def itd_jacobian(case):
    """Forward mode: D_{t+1} = ∂₁Φ D_t + ∂₂Φ from D_0 = 0."""
    lam = np.array(case.lambda_)
    D = np.zeros((case.dim, len(lam)))
    for t, w in enumerate(trajectory(case)[: case.last + 1]):
        if t in case.steps:
            yield D
        by_w, by_lam = jacobians(case.problem, w, lam)
        D = by_w @ D + by_lam


# --- Approximate implicit differentiation ---------------------------------------------------------


def aid_fp(case):
    """v_{k+1} = ∂₁Φᵀv_k + y from v_0 = 0; the estimate is ∂₂Φᵀv_k."""
    by_w, by_lam = jacobians(case.problem, np.array(case.w), np.array(case.lambda_))
    v = np.zeros(case.dim)
    for k in range(case.last + 1):
        if k in case.steps:
            yield by_lam.T @ v
        v = by_w.T @ v + case.cotangent


def aid_fp_jacobian(case):
    """The same in forward mode: D^{k+1} = ∂₁Φ D^k + ∂₂Φ at one point."""
    by_w, by_lam = jacobians(case.problem, np.array(case.w), np.array(case.lambda_))
    D = np.zeros_like(by_lam)
    for k in range(case.last + 1):
        if k in case.steps:
            yield D
        D = by_w @ D + by_lam


def aid_cg(case):
    """Conjugate gradients: on the support where the system is symmetric there, else on MᵀM."""
    by_w, by_lam = jacobians(case.problem, np.array(case.w), np.array(case.lambda_))
    y = np.array(case.cotangent)
    if case.problem.kind in ("elastic-net", "quadratic-program"):
        support = np.flatnonzero(np.any(by_lam != 0, axis=1) | np.any(by_w != 0, axis=1))
        system = np.eye(len(support)) - by_w[np.ix_(support, support)]
        right, read = y[support], by_lam[support]
    else:
        M = np.eye(case.dim) - by_w.T
        system, right, read = M.T @ M, M.T @ y, by_lam
    v, residual = np.zeros(len(right)), right.copy()
    direction, size = residual.copy(), residual @ residual
    for k in range(case.last + 1):
        if k in case.steps:
            yield read.T @ v
        curvature = direction @ (system @ direction)
        if curvature > 0:
            length = size / curvature
            v = v + length * direction
            residual = residual - length * (system @ direction)
            size, before = residual @ residual, size
            direction = residual + size / before * direction


def implicit(case):
    """A direct solve, at the point that is given or at a fixed point found from w0."""
    lam = np.array(case.lambda_)
    if case.w is not None:
        w = np.array(case.w)
    else:
        w = np.array(case.w0)
        while np.linalg.norm(phi(case.problem, w, lam) - w) > TOLERANCE * max(
            1.0, np.linalg.norm(w)
        ):
            w = phi(case.problem, w, lam)
    by_w, by_lam = jacobians(case.problem, w, lam)
    return by_lam.T @ np.linalg.solve(np.eye(case.dim) - by_w.T, case.cotangent)


TOLERANCE = 1e-12


# --- Stochastic implicit differentiation ----------------------------------------------------------


class Minibatch:
    """T̂(w, λ, batch) of an elastic net, the soft-threshold after it, and their Jacobians."""

    def __init__(self, case, batch):
        p, self.w, self.lam = case.problem, np.array(case.w), np.array(case.lambda_)
        X, y = np.array(p.X)[batch], np.array(p.y)[batch]
        self.step = p.step
        gradient = X.T @ (X @ self.w - y) / len(batch) + self.lam[1] * self.w
        self.value = self.w - p.step * gradient
        identity = np.eye(len(self.w))
        self.by_w = identity - p.step * (X.T @ X / len(batch) + self.lam[1] * identity)
        self.by_lam = np.stack([np.zeros_like(self.w), -p.step * self.w], axis=1)


def gamma(case, u):
    """∂₁G (a diagonal) and ∂₂G of G(u, λ) = soft(u, ηλ₁)."""
    eta = case.problem.step
    sign = np.where(np.abs(u) > eta * case.lambda_[0], np.sign(u), 0.0)
    return np.abs(sign), np.stack([-eta * sign, np.zeros_like(u)], axis=1)


def nsid(case):
    """∂G is taken once, at the mean of the inner minibatches."""
    inner_batches = [Minibatch(case, batch) for batch in case.inner_samples]
    mask, by_lam = gamma(case, np.mean([b.value for b in inner_batches], axis=0))
    mean_by_lam = np.mean([b.by_lam for b in inner_batches], axis=0)
    v = np.zeros(case.dim)
    for k in range(case.last + 1):
        if k in case.steps:
            yield mean_by_lam.T @ (mask * v) + by_lam.T @ v
        if k < case.last:
            batch, eta = Minibatch(case, case.samples[k]), case.step_sizes[k]
            v = (1 - eta) * v + eta * (batch.by_w.T @ (mask * v) + case.cotangent)


def sid(case):
    """∂G is taken anew at every minibatch."""
    inner_batches = [Minibatch(case, batch) for batch in case.inner_samples]
    v = np.zeros(case.dim)
    for k in range(case.last + 1):
        if k in case.steps:
            read = []
            for batch in inner_batches:
                mask, by_lam = gamma(case, batch.value)
                read.append(batch.by_lam.T @ (mask * v) + by_lam.T @ v)
            yield np.mean(read, axis=0)
        if k < case.last:
            batch, eta = Minibatch(case, case.samples[k]), case.step_sizes[k]
            mask, _ = gamma(case, batch.value)
            v = (1 - eta) * v + eta * (batch.by_w.T @ (mask * v) + case.cotangent)


# --- Hypergradients -------------------------------------------------------------------------------


def hypergradient(case):
    """D_tᵀ∇₁E(w_t) + ∇₂E(w_t) of E(w, λ) = ‖Xw - y‖²/(2n) + ½·ridge·‖λ‖²."""
    lam, objective = np.array(case.lambda_), case.objective
    X = np.array(objective.X)

    def by_w_of_objective(w):
        return X.T @ (X @ w - objective.y) / len(X)

    if case.inner == "itd":
        points = trajectory(case)
        for D, t in zip(itd_jacobian(case), case.steps):
            yield D.T @ by_w_of_objective(points[t]) + objective.ridge * lam
    else:
        y = by_w_of_objective(np.array(case.w))
        for D in aid_fp_jacobian(case):
            yield D.T @ y + objective.ridge * lam


SUBJECT = ratecert.Subject(
    itd=itd,
    itd_jacobian=itd_jacobian,
    aid_fp=aid_fp,
    aid_fp_jacobian=aid_fp_jacobian,
    aid_cg=aid_cg,
    implicit=implicit,
    solver_tolerance=TOLERANCE,
    nsid=nsid,
    sid=sid,
    hypergradient=hypergradient,
    path=True,
    name="numpy-from-scratch",
)

if __name__ == "__main__":
    result = ratecert.certify(SUBJECT)
    print(result)
    protocol = result.seconds_waited - result.seconds_in_callables
    print(
        f"{result.seconds:.1f} s in all; {result.seconds_in_callables:.2f} s in the methods above, "
        f"{protocol:.2f} s in the protocol"
    )
    sys.exit(result.exit_code)
