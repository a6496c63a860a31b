"""Reading ground-truth vectors from a directory made here."""

import json
import subprocess
import sys

import methods
import pytest

import ratecert

GROUP = {
    "schema": 1,
    "id": "small",
    "comment": "One coordinate.",
    "flags": ["Start"],
    "problem": {"kind": "affine", "A": [[0.5]], "B": [[1.0]], "c": [0.0]},
    "cases": [
        {
            "id": "small-aid-fp",
            "method": "aid-fp",
            "lambda": [1.0],
            "w": [0.0],
            "cotangent": [1.0],
            "steps": [0, 1, 2],
            "expected": {
                "kind": "point",
                "estimates": [[0.0], [1.0], [1.5]],
                "error": [0.0, 0.0, 1e-16],
                "floor": [0.0, 1e-16, 1e-16],
            },
        },
        {
            "id": "small-implicit",
            "method": "implicit",
            "lambda": [1.0],
            "w": [0.0],
            "cotangent": [1.0],
            "expected": {
                "kind": "set",
                "members": [{"weight": 0.0, "estimates": [[2.0]]}],
                "radius": [0.5],
                "error": [0.0],
                "floor": [1e-15],
            },
        },
        {
            "id": "small-refused",
            "method": "implicit",
            "lambda": ["NaN"],
            "w": [0.0],
            "cotangent": [1.0],
            "expected": {"kind": "refuse"},
        },
    ],
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "small.json").write_text(json.dumps(GROUP))
    (tmp_path / "index.json").write_text('{"groups": ["small", "large"]}')
    return tmp_path


def test_cases_are_read_and_judged_by_their_own_rule(folder):
    point, either, refused = ratecert.cases(directory=folder)
    assert str(point) == "small-aid-fp"
    assert point.flags == ["Start"]
    assert point.comment == "One coordinate."
    assert not point.misses(methods.aid_fp(point.case))
    wrong = point.misses([[0.0], [1.0], [1.25]])
    assert wrong == ["at step 2: 0.25 away, 2e-16 allowed"]
    assert point.misses([[0.0]]) == ["1 estimates for 3"]
    assert point.misses([[0.0, 0.0], [1.0], [1.5]])
    assert point.misses([[0.0], [1.0], [float("nan")]])
    assert not either.misses([2.4])
    assert either.misses([[2.6]]) == ["the estimate: 0.6 away, 0.5 allowed"]
    assert refused.misses([1.0]) == ["this input must be refused"]
    assert [v.case.id for v in ratecert.cases("aid-fp", folder)] == ["small-aid-fp"]


def test_the_directory_is_found_and_missing_is_said(folder, monkeypatch, tmp_path):
    monkeypatch.setenv("RATECERT_VECTORS", str(folder))
    assert len(ratecert.cases()) == 3
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(ratecert.Error, match="there are no vectors in"):
        ratecert.cases(directory=empty)


@pytest.mark.parametrize("recipe", ["affine", "relu", "tanh", "net", "box"])
def test_recipes_are_written_out(tmp_path, recipe):
    group = {**GROUP, "problem": {"recipe": f"banded-{recipe}", "dim": 3}}
    group["cases"] = [{**GROUP["cases"][0], "lambda": [1.0, 2.0], "w": [1.0, 2.0, 3.0]}]
    (tmp_path / "large.json").write_text(json.dumps(group))
    (vector,) = ratecert.cases(directory=tmp_path)
    assert vector.case.dim == 3
    if recipe == "affine":
        problem = vector.case.problem
        assert problem.A == [[0.5, 0.25, 0.0], [-0.125, 0.5, 0.25], [0.0, -0.125, 0.5]]
        assert problem.B == [[-0.5, -0.5], [-0.25, 0.0], [0.0, 0.5]]
        assert problem.c == [-0.359375, -0.234375, -0.109375]


def test_an_unknown_recipe_is_said(tmp_path):
    group = {**GROUP, "problem": {"recipe": "other", "dim": 3}}
    (tmp_path / "large.json").write_text(json.dumps(group))
    with pytest.raises(ratecert.Error, match=r"large.json: the recipe 'other' is not known"):
        ratecert.cases(directory=tmp_path)


def test_they_are_listed(folder):
    command = [sys.executable, "-W", "error", "-m", "ratecert.vectors", "--dir", str(folder)]
    done = subprocess.run([*command, "implicit"], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "small-implicit\timplicit\tset\tStart",
        "small-refused\timplicit\trefuse\tStart",
    ]
