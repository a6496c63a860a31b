"""The maps and their products against differences, and numbers on their way."""

import json
import math

import pytest

import ratecert
from ratecert._case import Case
from ratecert._numbers import decode, encode, estimates, flat

PROBLEMS = [
    ratecert.Affine([[0.5, 0.25], [0.0, 0.5]], [[1.0], [2.0]], [0.1, 0.2]),
    *(
        ratecert.Layer(
            [[0.5, 0.25, 0.1], [0.3, 0.2, 0.4]],
            [[0.5, 0.1], [0.2, -0.3], [0.7, 0.1]],
            [[1.0], [2.0], [-1.0]],
            [0.3, -0.4, 0.05],
            sigma,
        )
        for sigma in ("relu", "abs", "leaky-relu", "tanh")
    ),
    ratecert.ElasticNet([[1.0, 0.5], [0.2, 1.0], [0.0, 0.3]], [2.0, -4.0, 1.0], 0.5),
    ratecert.QuadraticProgram([[1.0, 0.2], [0.2, 2.0]], [0.0, -math.inf], [0.4, math.inf], 0.5),
    ratecert.Bilinear(
        [[0.2, 0.1], [0.0, 0.3]],
        [[[0.1, 0.0], [0.2, 0.1]], [[0.0, 0.3], [0.1, 0.0]]],
        [[1.0, 0.0], [0.5, 2.0]],
    ),
]


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda p: getattr(p, "activation", p.kind))
def test_products_agree_with_differences_and_with_each_other(problem):
    w = [0.7, -0.6]
    lam = [0.3, 0.2][: problem.params]
    dw, dlam, u = [0.3, -0.5], [0.2, 0.4][: problem.params], [0.9, -0.35]
    assert problem.dim == 2
    assert len(problem.phi(w, lam)) == 2
    h = 1e-6

    def shifted(sign):
        move = [[x + sign * h * d for x, d in zip(a, b)] for a, b in ((w, dw), (lam, dlam))]
        return problem.phi(*move)

    quotient = [(a - b) / (2 * h) for a, b in zip(shifted(1), shifted(-1))]
    forward = problem.jvp(w, lam, dw, dlam)
    assert forward == pytest.approx(quotient, abs=1e-8)
    by_w, by_lambda = problem.vjp(w, lam, u)
    reverse = sum(a * b for a, b in zip([*by_w, *by_lambda], [*dw, *dlam]))
    assert reverse == pytest.approx(sum(a * b for a, b in zip(u, forward)), abs=1e-14)


def test_least_squares_and_its_gradients():
    objective = ratecert.LeastSquares([[1.0, 2.0], [0.0, 1.0]], [1.0, 0.5], 0.3)
    w, lam, h = [0.4, -0.2], [0.7], 1e-6
    by_w, by_lambda = objective.gradients(w, lam)
    for i in range(2):
        up, down = list(w), list(w)
        up[i] += h
        down[i] -= h
        quotient = (objective.value(up, lam) - objective.value(down, lam)) / (2 * h)
        assert by_w[i] == pytest.approx(quotient, abs=1e-8)
    assert by_lambda == pytest.approx([0.21])


def test_numbers_come_back_as_they_went():
    values = [[1e-310, 0.1, -0.0], [math.inf, -math.inf, 5.0]]
    assert decode(json.loads(json.dumps(encode(values)))) == values
    assert math.isnan(decode(encode(math.nan)))
    with pytest.raises(ratecert.Error, match="'seven'"):
        decode("seven")


class Scalar:
    def __float__(self):
        return 2.5


def test_what_is_taken_for_estimates():
    assert estimates([1.0, 2], False, "it") == [[1.0], [2.0]]
    assert estimates([1.0, 2], True, "it") == [[1.0, 2.0]]
    assert estimates([[1.0, 2.0]], True, "it") == [[1.0, 2.0]]
    assert estimates(3.0, True, "it") == [[3.0]]
    assert estimates(iter([(Scalar(), 1)]), False, "it") == [[2.5, 1.0]]
    assert flat([[1.0], [2.0, 3.0]]) == [1.0, 2.0, 3.0]
    for wrong in ("1.0", b"1", {"a": 1}, None, 1j, object()):
        with pytest.raises(TypeError, match="it must be numbers"):
            estimates(wrong, False, "it")


def test_a_case_reads_all_fields_and_shares_no_list():
    message = {
        "type": "case",
        "id": "a",
        "method": "nsid",
        "problem": {"kind": "elastic-net", "X": [[1.0]], "y": [2.0], "step": 0.5},
        "lambda": [0.1, 0.2],
        "w": [1.0],
        "cotangent": [1.0],
        "steps": [0, 2],
        "inner_samples": [[0]],
        "samples": [[0], [0]],
        "step_sizes": [0.5, 0.25],
        "some_day": True,
    }
    case = Case.from_message(message)
    assert (case.dim, case.params, case.last) == (1, 2, 2)
    assert case.w0 is None
    assert case.samples == [[0], [0]]
    for given, read in ((message["steps"], case.steps), (message["samples"][0], case.samples[0])):
        assert given == read
        assert given is not read
    with pytest.raises(AttributeError):
        case.w = [2.0]
