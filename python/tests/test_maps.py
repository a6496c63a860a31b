"""Served maps over the protocol, against a stand-in for the program."""

import json
import os
import sys
from pathlib import Path

import pytest

import ratecert
from ratecert._server import Server

HERE = Path(__file__).parent


@pytest.fixture
def driver(tmp_path, monkeypatch):
    path = tmp_path / "ratecert-driver"
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{HERE / "driver.py"}" "$@"\n')
    path.chmod(0o755)
    monkeypatch.setenv("RATECERT_BINARY", str(path))


def phi(w, lam):
    return [0.5 * x + y for x, y in zip(w, lam)]


def vjp(w, lam, u):
    return [0.5 * x for x in u], list(u)


def jvp(w, lam, dw, dlam):
    return [0.5 * x + y for x, y in zip(dw, dlam)]


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a shell script")
def test_a_map_is_announced_evaluated_and_reported(driver):
    result = ratecert.check_map(
        phi,
        [0.25, -0.0],
        (1.0, 2.0),
        vjp=vjp,
        jvp=jvp,
        hypergradient=ratecert.Hypergradient(
            lambda w, lam, y, steps: [[k * x for x in y] for k in steps], inner="itd"
        ),
        domain={"lambda": [(-1, 3), (0.0, float("inf"))]},
        tolerance=1e-8,
        name="half",
    )
    assert result.ok
    assert str(result) == "half: passes"
    announced = result.run["maps"][0]
    assert announced == {
        "name": "half",
        "dim": 2,
        "params": 2,
        "w0": [0.25, -0.0],
        "lambda": [1.0, 2.0],
        "products": ["vjp", "jvp"],
        "tolerance": 1e-8,
        "domain": {"lambda": [[-1.0, 3.0], [0.0, "Infinity"]]},
        "hypergradient": {"inner": "itd", "linear_tolerance": 0.0, "step_tolerance": 0.0},
    }
    values = {m["id"]: m for m in result.run["heard"]}
    assert values["phi"]["value"] == [1.125, 2.0]
    assert values["vjps"]["type"] == "values"
    assert values["none"]["type"] == "error"
    assert "has no outer" in values["none"]["message"]
    assert values["jvp"]["value"] == [1.5, 1.5]
    assert values["gradient"]["value"] == [1.0, 1.0, 2.0, 2.0]


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a shell script")
def test_a_wrong_product_is_what_the_program_says(driver):
    def lost(w, lam, u):
        return [0.5 * x for x in u], [u[0], 0.0]

    result = ratecert.check_map(phi, [0.0, 0.0], [1.0, 2.0], vjp=lost, hypergradient=lost_gradient)
    assert not result.ok
    failure = result.failures[0]
    assert failure.check == "conservative"
    assert failure.diagnosis == "no fault of the catalogue explains it, or more than three do"
    assert failure.case is None
    assert failure.answer is None


def lost_gradient(w, lam, y):
    return y


def test_samples_and_the_outer_map():
    served = ratecert.Map(
        phi,
        [1.0],
        [2.0],
        vjp=vjp,
        samples=ratecert.Samples(
            3, lambda w, lam, i: [w[0] + i], vjp=lambda w, lam, u, i: (u, [float(i)])
        ),
        outer=ratecert.Outer(phi=lambda u, lam: [-u[0]], vjp=lambda u, lam, y: ([-y[0]], [0.0])),
        name="mean",
    )
    server = Server(ratecert.Subject(maps=[served]))
    hello = json.loads(server.answer('{"type":"hello","protocol":1}'))
    assert hello["maps"][0]["samples"] == 3
    assert hello["methods"] == []

    def value(what, **more):
        message = {"type": "eval", "id": "1", "map": "mean", "what": what, "w": [1.0]}
        return json.loads(server.answer(json.dumps({**message, "lambda": [2.0], **more})))

    assert value("phi", sample=2)["value"] == [3.0]
    assert value("outer")["value"] == [-1.0]
    assert value("outer-vjp", u=[4.0])["value"] == [-4.0, 0.0]
    assert value("vjp", u=[4.0])["value"] == [2.0, 4.0]
    assert value("vjp", u=[4.0], sample=1)["value"] == [4.0, 1.0]
    routine = ratecert.Hypergradient(
        lambda w, lam, y, steps, drawn: [
            [drawn.step_sizes[k] * drawn.samples[k][0]] for k in steps
        ],
        inner="nsid",
    )
    object.__setattr__(served, "hypergradient", routine)
    drawn = {"inner_samples": [[0, 1]], "samples": [[2], [1]], "step_sizes": [0.5, 0.25]}
    assert value("hypergradient", u=[1.0], steps=[0, 1], **drawn)["value"] == [1.0, 0.25]
    assert "has no outer-jvp" in value("outer-jvp", u=[1.0, 1.0])["message"]
    assert "has no jvp" in value("jvp", sample=0, u=[1.0, 1.0])["message"]
    assert "no map 'other'" in value("phi", map="other")["message"]


def test_what_cannot_be_served_is_refused():
    with pytest.raises(ratecert.Error, match="needs vjp, jvp or both"):
        ratecert.Map(phi, [1.0], [1.0])
    with pytest.raises(ratecert.Error, match="needs 1 pairs, got 2"):
        ratecert.Map(phi, [1.0], [1.0], vjp=vjp, domain={"w": [(0, 1), (0, 1)]})
    with pytest.raises(ratecert.Error, match='domain has "w" and "lambda"'):
        ratecert.Map(phi, [1.0], [1.0], vjp=vjp, domain={"l": [(0, 1)]})
    with pytest.raises(ratecert.Error, match="its samples must have it too"):
        ratecert.Map(phi, [1.0], [1.0], vjp=vjp, samples=ratecert.Samples(3, phi))
    with pytest.raises(ratecert.Error, match="inner must be"):
        ratecert.Hypergradient(phi, inner="cg")


def test_numpy_arrays_where_they_were_given():
    numpy = pytest.importorskip("numpy")
    seen = []

    def shaped(w, lam):
        seen.append((type(w), w.shape, w.dtype, type(lam)))
        return w * 0.5 + lam[0]

    served = ratecert.Map(
        shaped,
        numpy.zeros((2, 2), numpy.float32),
        [1.0],
        vjp=lambda w, lam, u: (0.5 * u, u.sum()),
    )
    item = {"what": "phi", "w": [0.0, 1.0, 2.0, 3.0], "lambda": [1.0]}
    assert served.value(item) == [1.0, 1.5, 2.0, 2.5]
    assert seen == [(numpy.ndarray, (2, 2), numpy.dtype("float32"), list)]
    assert served.value({**item, "what": "vjp", "u": [1.0] * 4}) == [0.5] * 4 + [4.0]
