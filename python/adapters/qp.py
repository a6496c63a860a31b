"""Box QPs and elastic nets as quadratic programmes with constraints Gz <= h, for the QP libraries.

A `quadratic-program` is min ½wᵀQw + λᵀw over its box. An elastic net is taken through its dual,
which is a box QP: with M = XᵀX/n + λ₂I and b = Xᵀy/n, u minimises ½uᵀM⁻¹u - (M⁻¹b)ᵀu over
|u_i| <= λ₁, and w = M⁻¹(b - u). Both λ enter the data, λ₁ the bounds.
"""


def box(case, lam, xp, inv, eye):
    """Q, q, lower, upper and the map from the QP's solution to w."""
    p = case.p
    if case.kind == "quadratic-program":
        return p["Q"], lam, p["lower"], p["upper"], lambda z: z
    X = p["X"]
    n, d = X.shape
    Mi = inv(X.T @ X / n + lam[1] * eye(d))
    Mi = 0.5 * (Mi + Mi.T)
    b = X.T @ p["y"] / n
    ones = 0.0 * b + 1.0
    return Mi, -(Mi @ b), -lam[0] * ones, lam[0] * ones, lambda u: Mi @ (b - u)


def rows(low, high, d, xp, eye):
    """The finite bounds as Gz <= h; one row that says nothing where there are none."""
    I = eye(d)
    up, down = xp.isfinite(high), xp.isfinite(low)
    G = xp.concatenate([I[up], -I[down]])
    h = xp.concatenate([high[up], -low[down]])
    if len(h) == 0:
        return 0.0 * I[:1], 0.0 * I[0, :1] + 1.0
    return G, h
