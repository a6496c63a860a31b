"""Runs of the program: right and wrong implementations, and what else a callable may do."""

import json
import math
import signal
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import methods
import pytest

import ratecert
from ratecert._server import Server


def certify(**arguments):
    return ratecert.certify(**{"profile": "test", "shrink": False, **arguments})


def checks(result):
    return {v.check for v in result.failures}


def test_right_implementations_pass(tmp_path):
    subject = ratecert.Subject(
        itd=methods.itd, aid_fp=methods.aid_fp, name="plain", version="1.0", max_dim=8
    )
    result = ratecert.certify(subject, profile="test", out=tmp_path / "report")
    assert result.ok
    assert result.exit_code == 0
    assert not result.failures
    assert result.given_up is None
    assert str(result).splitlines()[0].startswith("method")
    assert "plain 1.0 passes" in str(result)
    assert result.raise_on_failure() is result
    assert result.report == tmp_path / "report" / "index.html"
    assert result.report.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert result.seconds_in_callables <= result.seconds_waited <= result.seconds
    assert {v.claim for v in result.verdicts} == {"itd", "aid-fp"}


def test_wrong_implementations_fail_and_are_named():
    def without_last(case, estimate):
        return [*estimate[:-1], 0.0]

    def other_sign(case, estimate):
        return [-x for x in estimate]

    result = certify(
        itd=methods.every(methods.itd, without_last),
        aid_fp=methods.every(methods.aid_fp, other_sign),
    )
    assert not result.ok
    assert result.exit_code == 1
    named = {}
    for v in result.failures:
        named.setdefault(v.claim, set()).update((v.diagnosis or "").split())
    assert "missing-last-column" in named["itd"]
    assert "sign-of-second" in named["aid-fp"]
    failure = next(v for v in result.failures if v.claim == "aid-fp")
    assert failure.check in ("exact-trajectory", "limit", "bound")
    assert failure.measured > failure.bound
    # The case can be given to the implementation again, and be asked again by its name.
    assert failure.case.id == failure.case_id
    assert failure.case_id in failure.replay
    right, given = list(methods.aid_fp(failure.case)), failure.answer
    assert given == [[-x for x in estimate] for estimate in right]
    with pytest.raises(ratecert.Failed, match="FAIL aid-fp/"):
        result.raise_on_failure()
    again = certify(aid_fp=methods.every(methods.aid_fp, other_sign), cases=[failure.case_id])
    assert failure.id in {v.id for v in again.failures}


def test_a_failure_is_made_small():
    def wrong(case, estimate):
        return [x * (1 + 1e-9) for x in estimate] if case.problem.kind == "layer" else estimate

    result = certify(aid_fp=methods.every(methods.aid_fp, wrong), shrink=True, max_dim=4)
    small = [v for v in result.failures if v.smallest]
    assert small
    for failure in small:
        case = failure.smallest_case
        assert case.problem.kind == "layer"
        assert case.dim <= failure.case.dim
        assert failure.smallest["spec"]["dim"] == case.dim
        assert "smallest failing instance: " in str(failure)


def test_implicit_and_its_tolerance():
    def rough(case):
        return [x * (1 + 1e-9) for x in methods.implicit(case)]

    few = ["start-at-the-solution", "one-active", "relu-slope"]
    assert not certify(implicit=rough, cases=few).ok
    assert certify(implicit=rough, cases=few, tolerance=1e-7).ok


def test_exceptions_are_told_with_their_place():
    def broken(case):
        raise ValueError("no such luck")

    result = certify(aid_fp=broken)
    assert checks(result) == {"error"}
    failure = result.failures[0]
    assert "ValueError: no such luck" in failure.detail
    assert "test_certify.py" in failure.detail
    assert 'raise ValueError("no such luck")' in failure.traceback
    assert failure.answer is None


def test_skip_is_neutral():
    def no_layers(case):
        if case.problem.kind == "layer":
            raise ratecert.Skip("layers are for others")
        yield from methods.aid_fp(case)

    result = certify(aid_fp=no_layers, max_dim=2)
    assert result.ok
    assert set(result.skipped.values()) == {"layers are for others"}
    nothing = certify(
        aid_fp=lambda case: (_ for _ in ()).throw(ratecert.Skip("all of it")), max_dim=1
    )
    assert nothing.exit_code == 3
    assert not nothing.ok
    with pytest.raises(ratecert.Failed, match="nothing of subject could be judged"):
        nothing.raise_on_failure()


def test_a_callable_may_change_what_it_is_given():
    def greedy(case):
        answer = list(methods.aid_fp(case))
        for values in (case.w, case.lambda_, case.cotangent, case.steps):
            values.clear()
        for value in vars(case.problem).values():
            if isinstance(value, list):
                value.clear()
        return answer

    results = []
    # In another thread, which must make no difference.
    thread = threading.Thread(target=lambda: results.append(certify(aid_fp=greedy, max_dim=4)))
    thread.start()
    thread.join()
    assert results[0].ok
    assert results[0].cases > 20
    gone = results.pop().report
    assert not gone.exists()


def test_families_and_dimensions_that_are_not_done_are_left_out():
    result = certify(aid_fp=methods.aid_fp, problems=["affine"], max_dim=3)
    assert result.ok
    assert {v.instance["kind"] for v in result.verdicts} == {"affine"}


def test_single_precision():
    def single(x):
        return struct.unpack("f", struct.pack("f", x))[0]

    def rounded(case):
        v = [0.0] * case.dim
        for k in range(case.last + 1):
            by_w, by_lambda = case.vjp(case.w, v)
            if k in case.steps:
                yield [single(x) for x in by_lambda]
            v = [single(x + y) for x, y in zip(by_w, case.cotangent)]

    assert certify(aid_fp=rounded, dtype="f32", max_dim=8).ok


def test_what_is_no_estimate_is_named():
    def instead(change):
        return lambda case: [change(case) for _ in case.steps or [0]]

    result = certify(
        itd=instead(lambda case: [0.0] * (case.params + 1)),
        aid_fp=instead(lambda case: [math.nan] * case.params),
        aid_cg=instead(lambda case: {"a": 1.0}),
        implicit=instead(lambda case: ["1.0"] * case.params),
        nsid=lambda case: None,
        sid=lambda case: [[0.0, 0.0]] * (len(case.steps) + 1),
        hypergradient=instead(lambda case: [-math.inf] * case.params),
    )
    named = {}
    for v in result.failures:
        named.setdefault(v.claim, set()).add(v.check)
    assert named == {
        "itd": {"wrong-shape"},
        "aid-fp": {"non-finite"},
        "aid-cg": {"error"},
        "implicit": {"error"},
        "nsid": {"error"},
        "sid": {"wrong-shape"},
        "hypergradient-itd": {"non-finite"},
        "hypergradient-aid-fp": {"non-finite"},
    }


class Array:
    """What an array library hands out, as far as it matters here."""

    def __init__(self, values):
        self.values = values

    def tolist(self):
        return self.values


def test_arrays_are_taken_by_what_they_can_do():
    result = certify(
        itd=lambda case: Array(list(methods.itd(case))),
        aid_fp=methods.every(methods.aid_fp, lambda case, g: [Array(x) for x in g]),
        aid_fp_jacobian=lambda case: tuple(Array(D) for D in forward(case)),
        max_dim=2,
    )
    assert result.ok
    assert {v.claim for v in result.verdicts} == {"itd", "aid-fp", "aid-fp-jacobian"}


def test_not_converged_is_said():
    subject = ratecert.Subject(implicit=lambda case: ratecert.NotConverged([1.0]))
    case = {
        "type": "case",
        "id": "a",
        "method": "implicit",
        "problem": {"kind": "affine", "A": [[0.5]], "B": [[1.0]], "c": [1.0]},
        "lambda": [0.0],
        "w": [2.0],
        "cotangent": [1.0],
    }
    answer = json.loads(Server(subject).answer(json.dumps(case)))
    assert answer == {
        "type": "result",
        "id": "a",
        "estimates": [[1.0]],
        "status": "not-converged",
    }


def forward(case):
    columns = []
    for j in range(case.params):
        unit = [float(i == j) for i in range(case.params)]
        column, seen = [0.0] * case.dim, []
        for _ in range(case.last + 1):
            seen.append(column)
            column = case.jvp(case.w, column, unit)
        columns.append(seen)
    return [list(zip(*(seen[k] for seen in columns))) for k in case.steps]


def test_jacobians_are_asked_of_the_method_that_has_them():
    result = certify(aid_fp_jacobian=forward, itd=methods.itd, max_dim=3)
    assert result.ok
    assert {v.claim for v in result.verdicts} == {"aid-fp-jacobian", "itd"}
    assert not result.skipped


def test_usage_errors_are_those_of_the_program():
    with pytest.raises(ratecert.Error, match="no-such-claim"):
        certify(aid_fp=methods.aid_fp, claims=["no-such-claim"])
    with pytest.raises(ratecert.Error, match="profile"):
        certify(aid_fp=methods.aid_fp, profile="slow")
    with pytest.raises(ratecert.Error, match="there is nothing to judge"):
        certify()
    with pytest.raises(ratecert.Error, match="must be callable"):
        certify(itd=3)
    with pytest.raises(ratecert.Error, match="f64"):
        certify(itd=methods.itd, dtype="f16")
    with pytest.raises(ratecert.Error, match="a list of texts"):
        certify(itd=methods.itd, claims="itd")
    with pytest.raises(ratecert.Error, match="unknown problem"):
        certify(itd=methods.itd, problems=["lasso"])
    with pytest.raises(ratecert.Error, match="not both"):
        ratecert.certify(ratecert.Subject(itd=methods.itd), aid_fp=methods.aid_fp)


def test_a_missing_program_is_said_with_where_it_was_looked_for(monkeypatch):
    monkeypatch.setenv("RATECERT_BINARY", "/no/such/program")
    with pytest.raises(ratecert.Error, match="RATECERT_BINARY is /no/such/program"):
        certify(itd=methods.itd)


def test_a_callable_that_takes_too_long_is_a_hang_and_is_interrupted():
    def slow(case):
        for _ in range(600):
            time.sleep(0.1)
        return []

    clock = time.monotonic()
    result = certify(aid_fp=slow, timeout=0.5)
    assert time.monotonic() - clock < 20
    assert checks(result) == {"hang"}
    assert result.given_up


def test_a_callable_that_is_a_little_late_is_a_hang_too():
    def late(case):
        time.sleep(1.0)
        return list(methods.aid_fp(case))

    assert checks(certify(aid_fp=late, timeout=0.3)) == {"hang"}


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_an_interruption_ends_the_child(tmp_path):
    script = tmp_path / "run.py"
    script.write_text(
        "import time, ratecert\n"
        "def wait(case):\n"
        "    print('asked', flush=True)\n"
        "    time.sleep(60)\n"
        "try:\n"
        "    ratecert.certify(aid_fp=wait)\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted', flush=True)\n"
    )
    process = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "asked\n"
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    before = children.read_text().split() if children.exists() else []
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == "interrupted\n"
    assert process.wait(timeout=20) == 0
    process.stdout.close()
    assert not [pid for pid in before if Path(f"/proc/{pid}").exists()]


def test_an_exception_that_is_no_answer_comes_through():
    class Enough(BaseException):
        pass

    def enough(case):
        raise Enough

    with pytest.raises(Enough):
        certify(aid_fp=enough)
