"""`pytest --ratecert` in a project of its own."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent

CONFTEST = """
import sys
sys.path.insert(0, {here!r})
import methods, ratecert

def changed(case, estimate):
    kind = case.problem.kind
    if kind == "affine":
        raise ratecert.Skip("affine maps are for others")
    if kind == "bilinear":
        raise RuntimeError("no operator")
    return [2 * x for x in estimate] if kind == "layer" else estimate

def pytest_ratecert_subject():
    return ratecert.Subject(aid_fp=methods.every(methods.aid_fp, changed), name="mine", max_dim=3)
"""


@pytest.fixture
def project(pytester, monkeypatch):
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.makeconftest(CONFTEST.format(here=str(HERE)))
    return pytester


def run(project, *arguments):
    return project.runpytest(
        "--ratecert", "--ratecert-profile=test", "--ratecert-no-shrink", *arguments
    )


def test_cases_are_tests(project):
    listed = run(project, "--collect-only", "-q")
    assert listed.ret == 0
    listed.stdout.fnmatch_lines(["ratecert::aid-fp::empty-support*", "* tests collected in *"])

    done = run(project, "-rsf")
    outcomes = done.parseoutcomes()
    assert outcomes["passed"] > 5
    assert outcomes["failed"] > 3
    assert outcomes["skipped"] > 2
    assert done.ret == 1
    text = done.stdout.str()
    for part in (
        "aid-fp on layer, d = ",
        "FAIL aid-fp/",
        "diagnosis: looks like ",
        "the estimate there: [",
        'again: pytest --ratecert -k "aid-fp and ',
        "The callable raised:",
        "RuntimeError: no operator",
        "affine maps are for others",
        "FAILED ratecert::aid-fp::",
        "ratecert: mine",
        "report: ",
    ):
        assert part in text
    report = next(line for line in text.splitlines() if line.startswith("report: "))
    assert Path(report[len("report: ") :]).is_file()

    some = run(project, "-x", "-k", "elastic-net or relu-slope")
    assert some.ret == 1
    outcomes = some.parseoutcomes()
    assert outcomes["failed"] == 1
    assert outcomes["passed"] >= 1
    assert outcomes["deselected"] > 10


def test_without_the_option_nothing_happens(project):
    project.makepyfile("def test_mine(): pass")
    project.runpytest().assert_outcomes(passed=1)


def test_beside_other_tests_and_with_several_subjects(project):
    project.makeconftest(
        f"import sys; sys.path.insert(0, {str(HERE)!r})\n"
        "import methods, ratecert\n"
        "def skipped(case):\n"
        "    raise ratecert.Skip('not today')\n"
        "def pytest_ratecert_subject(config):\n"
        "    one = ratecert.Subject(nsid=skipped, max_dim=1, name='one')\n"
        "    two = ratecert.Subject(aid_cg=skipped, max_dim=1, name='two')\n"
        "    return [one, two]\n"
    )
    project.makepyfile("def test_mine(): pass")
    done = run(project, "-v")
    assert done.ret == 0
    text = done.stdout.str()
    assert "test_mine PASSED" in text
    assert "ratecert::one::nsid::" in text
    assert "ratecert::two::aid-cg::" in text


def test_given_up_is_an_error(project):
    project.makeconftest(
        "import time, ratecert\n"
        "def slow(case):\n"
        "    time.sleep(30)\n"
        "def pytest_ratecert_subject():\n"
        "    return ratecert.Subject(aid_fp=slow, max_dim=1, name='slow')\n"
    )
    done = run(project, "--ratecert-timeout=0.2")
    outcomes = done.parseoutcomes()
    assert outcomes["failed"] == 1
    assert outcomes["errors"] == 1
    assert "passed" not in outcomes
    assert "slow was given up: hang" in done.stdout.str()


def test_what_is_missing_is_said(project, monkeypatch):
    project.makeconftest("")
    done = run(project)
    assert done.ret == 4
    done.stderr.fnmatch_lines(["ERROR: --ratecert: no conftest.py defines *"])
    project.makeconftest(CONFTEST.format(here=str(HERE)))
    monkeypatch.setenv("RATECERT_BINARY", "/no/such/program")
    done = run(project)
    assert done.ret == 4
    done.stderr.fnmatch_lines(["ERROR: --ratecert: RATECERT_BINARY is /no/such/program*"])
