"""Right implementations in plain Python, for tests to plant mistakes in."""


def itd(case):
    points = [case.w0]
    for _ in range(case.last):
        points.append(case.phi(points[-1]))
    for t in case.steps:
        v, gradient = case.cotangent, [0.0] * case.params
        for w in reversed(points[:t]):
            v, by_lambda = case.vjp(w, v)
            gradient = add(gradient, by_lambda)
        yield gradient


def aid_fp(case):
    v = [0.0] * case.dim
    for k in range(case.last + 1):
        by_w, by_lambda = case.vjp(case.w, v)
        if k in case.steps:
            yield by_lambda
        v = add(by_w, case.cotangent)


def implicit(case):
    """AID-FP, for as many steps as change anything."""
    v = [0.0] * case.dim
    for _ in range(100_000):
        by_w, by_lambda = case.vjp(case.w, v)
        new = add(by_w, case.cotangent)
        if new == v:
            break
        v = new
    return by_lambda


def add(a, b):
    return [x + y for x, y in zip(a, b)]


def every(method, change):
    """The method with every estimate changed."""

    def changed(case):
        for estimate in method(case):
            yield change(case, estimate)

    return changed
