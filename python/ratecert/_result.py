"""What a run of the program left: verdicts read from its files, never judged anew."""

from __future__ import annotations

import json
import math
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Optional

from ._case import Case
from ._errors import Failed
from ._numbers import decode
from ._server import Server
from ._shrink import Small


@dataclass(frozen=True)
class Verdict:
    """One verdict: a check applied to the answer to one case."""

    #: claim/instance/check
    id: str
    #: What was claimed of the implementation, by name: the method with what is asked of it.
    claim: str
    #: The name of the check, such as exact-trajectory, limit, bound, solve or wrong-shape.
    check: str
    #: The method as the program calls it.
    method: str
    #: pass, fail, inconclusive or not-applicable.
    status: str
    #: In words: the deciding step, the floor, what would have been caught.
    detail: str
    #: The measured quantity at the step that decides.
    measured: float
    #: What it was compared with.
    bound: float
    #: The step that decides, where there is one.
    step: Optional[int]
    #: What a failing implementation looks like, in words; `None` where nothing can be said.
    diagnosis: Optional[str]
    #: A failing instance made small: its spec, seed, measured value and bound. Of every claim and
    #: check one is looked for, if it has failures on cases that were drawn.
    smallest: Optional[dict[str, Any]]
    #: How to ask this case again.
    replay: str
    #: Family, name, seed and spec of the instance.
    instance: dict[str, Any]
    #: The name of the case: what `cases=[...]` and `pytest -k` take.
    case_id: str
    #: All fields as they were written.
    raw: dict[str, Any] = field(repr=False)
    _server: Server = field(repr=False, compare=False)
    _small: Optional[Small] = field(repr=False, compare=False, default=None)

    @property
    def case(self) -> Optional[Case]:
        """The case, made anew to be given to the implementation again; `None` if none was sent."""
        return self._server.case(self.case_id)

    @property
    def answer(self) -> Any:
        """The estimates that were given; `None` where there are none."""
        return self._server.answer_to(self.case_id)

    @property
    def smallest_case(self) -> Optional[Case]:
        """The case of the smallest failing instance, made anew."""
        return None if self._small is None else self._small.case

    @property
    def traceback(self) -> Optional[str]:
        """The traceback of the exception that answered the case, if one did."""
        return self._server.tracebacks.get(self.case_id)

    def __str__(self) -> str:
        """The verdict in a few lines."""
        lines = [f"{self.status.upper()} {self.id}", f"  {self.detail}"]
        if not (math.isnan(self.measured) and math.isnan(self.bound)):
            lines.append(f"  measured {self.measured:.4g}, bound {self.bound:.4g}")
        if self.diagnosis:
            lines.append(f"  diagnosis: {self.diagnosis}")
        if self.smallest:
            lines.append(f"  smallest failing instance: {_instance(self.smallest)}")
        return "\n".join([*lines, f"  again: {self.replay}"])


@dataclass(frozen=True)
class Result:
    """What came of a run. `str(result)` is the table that the program prints."""

    #: That of the program: 0 all is well, 1 a failure or given up, 3 nothing could be judged.
    exit_code: int
    #: All verdicts, in the order in which the cases were asked.
    verdicts: list[Verdict] = field(repr=False)
    #: Why the subject was given up, if it was.
    given_up: Optional[str]
    #: The report as a page. In a temporary directory that lasts as long as this object, unless
    #: `out` was given.
    report: Path
    #: What the program printed.
    text: str = field(repr=False)
    #: How many cases were asked.
    cases: int
    #: Seconds of the whole run; those that the program waited for answers; those in the callables.
    seconds: float
    seconds_waited: float
    seconds_in_callables: float
    #: Cases that a callable declined, with the reason.
    skipped: dict[str, str] = field(repr=False)
    #: `run.json` as it was written.
    run: dict[str, Any] = field(repr=False)
    _keep: Optional[tempfile.TemporaryDirectory[str]] = field(repr=False, default=None)

    @property
    def ok(self) -> bool:
        """Something was judged, and nothing of it failed."""
        return self.exit_code == 0

    @property
    def failures(self) -> list[Verdict]:
        """The verdicts that failed."""
        return [v for v in self.verdicts if v.status == "fail"]

    def with_smallest(self, small: dict[str, Small]) -> Result:
        """The same with what was found on the way to smaller instances."""
        verdicts = [
            replace(v, smallest=small[v.id].raw, _small=small[v.id]) if v.id in small else v
            for v in self.verdicts
        ]
        return replace(self, verdicts=verdicts)

    def raise_on_failure(self) -> Result:
        """Raises `Failed` with the printed table unless all is well; else returns the result."""
        if not self.ok:
            raise Failed(self.text)
        return self

    def __str__(self) -> str:
        """What the program printed."""
        return self.text


def read_result(
    out: Path,
    exit_code: int,
    text: str,
    server: Server,
    again: str,
    seconds: float,
    keep: Optional[tempfile.TemporaryDirectory[str]],
) -> Result:
    """Reads the files of a run. `again` is a format for replay texts, with the id of the case."""
    run = json.loads((out / "run.json").read_text(encoding="utf-8"))
    lines = (out / "verdicts.jsonl").read_text(encoding="utf-8").splitlines()
    subject = run.get("subject") or {}
    skipped = {i: why for i in server.asked if (why := server.skipped(i)) is not None}
    return Result(
        exit_code=exit_code,
        verdicts=[_verdict(json.loads(line), server, again) for line in lines],
        given_up=subject.get("given_up"),
        report=out / "index.html",
        text=text,
        cases=subject.get("cases", len(server.asked)),
        seconds=seconds,
        seconds_waited=subject.get("waited", 0.0),
        seconds_in_callables=server.busy,
        skipped=skipped,
        run=run,
        _keep=keep,
    )


def _verdict(raw: dict[str, Any], server: Server, again: str) -> Verdict:
    instance = raw["instance"]
    names = [instance["id"], f"{raw['claim']}/{instance['id']}"]
    case_id = next((name for name in names if name in server.asked), names[-1])
    return Verdict(
        id=raw["id"],
        claim=raw["claim"],
        check=raw["check"],
        method=raw["method"],
        status=raw["status"],
        detail=raw["detail"],
        measured=decode(raw["measured"]),
        bound=decode(raw["bound"]),
        step=raw.get("step"),
        diagnosis=_diagnosis(raw.get("diagnosis")),
        smallest=raw.get("smallest"),
        replay=again.format(case_id),
        instance=instance,
        case_id=case_id,
        raw=raw,
        _server=server,
    )


def _diagnosis(raw: Any) -> Optional[str]:
    """The diagnosis in the words of the program."""
    if raw is None:
        return None
    if isinstance(raw, dict) and raw.get("names"):
        each = [f"{n['fault']} (confidence {n['confidence']:.2f})" for n in raw["names"]]
        return f"looks like {' or '.join(each)}"
    words = {
        "looks-right": "its answers are right where the diagnosis looked",
        "unknown": "no fault of the catalogue explains it, or more than three do",
    }
    return words.get(raw, str(raw)) if isinstance(raw, str) else str(raw)


def _instance(smallest: dict[str, Any]) -> str:
    spec = smallest.get("spec", {})
    shown = ", ".join(f"{k} {v}" for k, v in spec.items() if k != "kind")
    measured, bound = decode(smallest["measured"]), decode(smallest["bound"])
    return (
        f"{spec.get('kind')}, {shown}, seed {smallest.get('seed')} "
        f"(measured {measured:.4g}, bound {bound:.4g})"
    )
