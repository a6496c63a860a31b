"""JAX and PyTorch: maps with their products, and the maps of cases. Skipped where neither is."""

import pytest
from test_problems import PROBLEMS

import ratecert
from ratecert._case import Case

W, LAM = [0.7, -0.6], [0.3, 0.2]


@pytest.fixture(params=["jax", "torch"])
def framework(request):
    pytest.importorskip(request.param)
    module = __import__(f"ratecert.{request.param}", fromlist=["phi"])
    if request.param == "jax":
        with module.precision():
            yield module, __import__("jax.numpy", fromlist=["array"]).asarray
    else:
        torch = pytest.importorskip("torch")
        yield module, lambda v: torch.tensor(v, dtype=torch.float64)


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda p: getattr(p, "activation", p.kind))
def test_the_maps_of_cases_are_those_of_the_package(framework, problem):
    module, _ = framework
    lam = LAM[: problem.params]
    message = {"id": "a", "method": "itd", "lambda": lam}
    case = Case(problem=problem, **fields(message))
    served = module.as_map(module.phi(case), W, lam)
    item = {"w": W, "lambda": lam}
    assert served.value({"what": "phi", **item}) == pytest.approx(case.phi(W), abs=1e-15)
    by_w, by_lambda = case.vjp(W, [0.9, -0.35])
    value = served.value({"what": "vjp", "u": [0.9, -0.35], **item})
    assert value == pytest.approx(by_w + by_lambda, abs=1e-15)
    dw, dlam = [0.3, -0.5], [0.2, 0.4][: problem.params]
    value = served.value({"what": "jvp", "u": dw + dlam, **item})
    assert value == pytest.approx(case.jvp(W, dw, dlam), abs=1e-15)


def fields(message):
    empty = dict.fromkeys(("w0", "w", "path", "cotangent", "want", "inner", "objective"))
    lists = {"steps": [], "inner_samples": [], "samples": [], "step_sizes": []}
    return {
        **empty,
        **lists,
        "id": message["id"],
        "method": message["method"],
        "lambda_": message["lambda"],
    }


def test_shapes_hypergradients_and_maps_without_derivative(framework):
    module, array = framework
    served = module.as_map(
        lambda w, lam: w * 0.5 + lam[0],
        array([[0.0, 1.0], [2.0, 3.0]]),
        array([1.0, 5.0]),
        hypergradient=lambda w, lam, y: lam * y.sum(),
        name="shaped",
    )
    assert served.announced()["dim"] == 4
    item = {"w": [0.0, 1.0, 2.0, 3.0], "lambda": [1.0, 5.0]}
    assert served.value({"what": "phi", **item}) == [1.0, 1.5, 2.0, 2.5]
    assert served.value({"what": "vjp", "u": [1.0] * 4, **item}) == [0.5] * 4 + [4.0, 0.0]
    assert served.value({"what": "hypergradient", "u": [1.0] * 4, **item}) == [4.0, 20.0]
    constant = module.as_map(lambda w, lam: array([1.0]), array([2.0]), array([3.0]))
    item = {"w": [0.0], "lambda": [1.0]}
    assert constant.value({"what": "vjp", "u": [1.0], **item}) == [0.0, 0.0]
    assert constant.value({"what": "jvp", "u": [1.0, 1.0], **item}) == [0.0]


def test_a_custom_vjp_has_no_jvp():
    jax = pytest.importorskip("jax")
    from ratecert import jax as adapter

    @jax.custom_vjp
    def phi(w, lam):
        return 0.5 * w + lam

    phi.defvjp(lambda w, lam: (0.5 * w + lam, None), lambda _, u: (0.5 * u, u))
    with adapter.precision():
        served = adapter.as_map(phi, [1.0], [2.0])
        assert served.announced()["products"] == ["vjp"]
    with pytest.raises(ratecert.Error, match="double precision is off"):
        adapter.as_map(phi, [1.0], [2.0])


def test_an_autograd_function_without_jvp():
    torch = pytest.importorskip("torch")
    from ratecert import torch as adapter

    class Half(torch.autograd.Function):
        @staticmethod
        def forward(ctx, w, lam):
            return 0.5 * w + lam

        @staticmethod
        def backward(ctx, u):
            return 0.5 * u, u

    served = adapter.as_map(Half.apply, [1.0], [2.0])
    assert served.announced()["products"] == ["vjp"]
    item = {"what": "vjp", "w": [1.0], "lambda": [2.0], "u": [4.0]}
    assert served.value(item) == [2.0, 4.0]
