"""`pytest --ratecert`: every case a test.

A conftest.py names what is to be judged:

    import ratecert

    def pytest_ratecert_subject():
        return ratecert.Subject(aid_fp=my_aid, name="mine")

Several implementations are a list of subjects. The program runs once per subject and session, when
the first of its tests does, and is asked only for the tests that were selected.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Optional, Union, cast

import pytest

from ._binary import find
from ._case import Case
from ._certify import judge
from ._errors import Error
from ._numbers import Json
from ._result import Result, Verdict
from ._server import Server
from ._subject import Subject

Listed = tuple[str, str, str]


class Hooks:
    """What a conftest.py may define."""

    def pytest_ratecert_subject(
        self, config: pytest.Config
    ) -> Union[Subject, Sequence[Subject], None]:
        """Returns the implementation to be judged, or a list of them."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options."""
    group = parser.getgroup("ratecert", "certify implicit differentiation")
    group.addoption(
        "--ratecert",
        action="store_true",
        help="judge what pytest_ratecert_subject() of a conftest.py returns, a test per case",
    )
    group.addoption(
        "--ratecert-profile",
        default="quick",
        choices=["test", "quick", "full"],
        help="how many cases (default: quick, at most 300)",
    )
    group.addoption(
        "--ratecert-seed", type=int, default=0, metavar="N", help="seed of the random cases"
    )
    group.addoption(
        "--ratecert-timeout",
        type=float,
        default=30.0,
        metavar="S",
        help="seconds that an answer may take (default: 30)",
    )
    group.addoption(
        "--ratecert-no-shrink",
        action="store_true",
        help="do not look for the smallest instances behind failures",
    )
    group.addoption(
        "--ratecert-out", metavar="DIR", help="where the reports go (default: the cache of pytest)"
    )


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Announces the hook."""
    pluginmanager.add_hookspecs(Hooks)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Adds the cases, before anything is deselected."""
    if not config.getoption("ratecert"):
        return
    subjects = _subjects(config)
    for subject in subjects:
        added = list(_items(session, config, subject, len(subjects) > 1))
        items.extend(added)
        # So that they are counted as collected.
        report = pytest.CollectReport("ratecert", "passed", None, [*added])
        config.hook.pytest_collectreport(report=report)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Remembers which cases are left, so that only these are asked."""
    for item in session.items:
        if isinstance(item, CaseItem):
            item.run.wanted.append(f"{item.listed[0]}/{item.listed[1]}")


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Says where the reports are."""
    for run in config.stash.get(_RUNS, []):
        if run.result is not None:
            terminalreporter.section(f"ratecert: {run.subject.name}")
            lines = run.result.text.splitlines()
            for line in lines[-2:]:
                terminalreporter.write_line(line)
            if run.result.report.exists() and run.keeps:
                terminalreporter.write_line(f"report: {run.result.report}")


class CaseError(Exception):
    """Carries the failing verdicts of one case to its report."""

    def __init__(self, verdicts: list[Verdict]) -> None:
        """Of these verdicts."""
        super().__init__(verdicts[0].detail)
        self.verdicts = verdicts


class Run:
    """One run of the program against one subject, made when it is first needed."""

    def __init__(self, subject: Subject, config: pytest.Config, listed: list[Listed]) -> None:
        """Of this subject."""
        self.subject = subject
        self.listed = listed
        #: What the selected tests ask for.
        self.wanted: list[str] = []
        self.result: Optional[Result] = None
        self.keeps = False
        self._config = config
        self._error: Optional[Error] = None
        self._told = False

    def get(self) -> Result:
        """The result."""
        if self._error is not None:
            pytest.skip("the run failed, as an earlier test says")
        if self.result is None:
            every = len(self.wanted) == len(self.listed)
            try:
                self.result = judge(
                    self.subject,
                    self._config.getoption("ratecert_profile"),
                    self._config.getoption("ratecert_seed"),
                    (),
                    () if every else self.wanted,
                    self._out(),
                    self._config.getoption("ratecert_timeout"),
                    not self._config.getoption("ratecert_no_shrink"),
                )
            except Error as error:
                self._error = error
                raise
        return self.result

    def not_asked(self) -> None:
        """A case without a verdict: an error for the first that was given up, else a skip."""
        why = self.result.given_up if self.result is not None else None
        if why is None:
            pytest.skip("not asked: enough of this method has failed already")
        if self._told:
            pytest.skip("not asked: the subject was given up")
        self._told = True
        raise Error(f"{self.subject.name} was given up: {why}")

    def _out(self) -> Optional[Path]:
        given = self._config.getoption("ratecert_out")
        name = "".join(c if c.isalnum() or c in "-_." else "-" for c in self.subject.name)
        self.keeps = True
        if given:
            return Path(given) / name
        cache = getattr(self._config, "cache", None)
        if cache is None or hasattr(self._config, "workerinput"):
            self.keeps = False
            return None
        return Path(cache.mkdir("ratecert")) / name


_RUNS = pytest.StashKey[list[Run]]()


class Group(pytest.Collector):
    """The cases of one method, or of one subject."""

    def collect(self) -> Iterator[Union[pytest.Item, pytest.Collector]]:
        """Nothing: the cases are added with the tests of the session."""
        return iter(())


class CaseItem(pytest.Item):
    """One case."""

    def __init__(self, *, run: Run, listed: Listed, **more: Any) -> None:
        """Of a listed case."""
        super().__init__(**more)
        self.run = run
        #: Method, name and problem kind.
        self.listed = listed
        self.verdicts: list[Verdict] = []
        self.extra_keyword_matches.update([listed[2], run.subject.name])

    def setup(self) -> None:
        """Runs the program, unless it has run."""
        super().setup()
        result = self.run.get()
        claim, name, _ = self.listed
        self.verdicts = [
            v for v in result.verdicts if v.claim == claim and v.instance["id"] == name
        ]
        if not self.verdicts:
            self.run.not_asked()

    def runtest(self) -> None:
        """Fails, skips or passes as the verdicts say."""
        failing = [v for v in self.verdicts if v.status == "fail"]
        if failing:
            raise CaseError(failing)
        if not any(v.status == "pass" for v in self.verdicts):
            reasons = dict.fromkeys(v.detail for v in self.verdicts)
            pytest.skip("; ".join(reasons))

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        """The verdicts in words, without Python's frames."""
        if isinstance(excinfo.value, CaseError):
            return self._told(excinfo.value.verdicts)
        if isinstance(excinfo.value, Error):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, Optional[int], str]:
        """What stands above a failure."""
        return self.path, None, " ".join(self.nodeid.split("::"))

    def _told(self, verdicts: list[Verdict]) -> str:
        first = verdicts[0]
        lines = [f"{', '.join(v.check for v in verdicts)}: {first.claim}"]
        case = first.case
        if case is not None:
            asked = f"steps {_short(case.steps)}" if case.steps else "no steps"
            lines[0] += f" on {case.problem.kind}, d = {case.dim}, m = {case.params}, {asked}"
        for verdict in verdicts:
            lines += ["", *str(verdict).splitlines()[:-1]]
            estimate = _estimate(verdict)
            if estimate is not None:
                lines.append(f"  the estimate there: {_short(estimate)}")
        small = next((v.smallest_case for v in verdicts if v.smallest_case is not None), None)
        if small is not None:
            lines += ["", "The smallest case that fails:", *_data(small)]
        if first.traceback:
            lines += ["", "The callable raised:", first.traceback.rstrip()]
        return "\n".join(
            [
                *lines,
                "",
                f'again: pytest --ratecert -k "{self.listed[0]} and {self.listed[1]}"',
                f"or:    {first.replay}",
            ]
        )


def _subjects(config: pytest.Config) -> list[Subject]:
    returned = config.hook.pytest_ratecert_subject(config=config)
    out: list[Subject] = []
    for given in returned:
        out += [given] if isinstance(given, Subject) else list(given)
    if not out:
        raise pytest.UsageError(
            "--ratecert: no conftest.py defines pytest_ratecert_subject(), "
            "which returns the ratecert.Subject to be judged"
        )
    names = [subject.name for subject in out]
    twice = next((n for n in names if names.count(n) > 1), None)
    if twice is not None:
        raise pytest.UsageError(f"--ratecert: two subjects are called {twice!r}")
    return out


def _items(
    session: pytest.Session, config: pytest.Config, subject: Subject, several: bool
) -> Iterator[CaseItem]:
    try:
        listed = _list(config, subject)
    except Error as error:
        raise pytest.UsageError(f"--ratecert: {error}") from error
    run = Run(subject, config, listed)
    config.stash.setdefault(_RUNS, []).append(run)
    top = "ratecert"
    parent: pytest.Collector = _group(session, top, top, session.path)
    if several:
        top = f"{top}::{subject.name}"
        parent = _group(parent, subject.name, top, session.path)
    groups: dict[str, pytest.Collector] = {}
    for entry in listed:
        method = entry[0]
        if method not in groups:
            groups[method] = _group(parent, method, f"{top}::{method}", session.path)
        item = CaseItem.from_parent(groups[method], name=entry[1], run=run, listed=entry)
        yield item


def _group(parent: Any, name: str, nodeid: str, path: Path) -> pytest.Collector:
    group = Group.from_parent(parent, name=name, nodeid=nodeid)
    group.path = path
    return cast(pytest.Collector, group)


class _Listing(Server):
    """Declines everything, to learn what would be asked."""

    def _case(self, message: dict[str, Json], line: str) -> dict[str, Json]:
        self.asked[message["id"]] = line
        return {"type": "skipped", "id": message["id"], "reason": "only listed"}


def _list(config: pytest.Config, subject: Subject) -> list[Listed]:
    """The cases of a subject, kept in the cache of pytest as they cost a few seconds."""
    profile, seed = config.getoption("ratecert_profile"), config.getoption("ratecert_seed")
    program = find()
    written = program.stat()
    described = [
        str(program),
        written.st_mtime_ns,
        written.st_size,
        subject.hello(),
        subject.claims(),
        profile,
        seed,
    ]
    text = json.dumps(described, sort_keys=True)
    key = f"ratecert/cases-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    cache = getattr(config, "cache", None)
    kept = cache.get(key, None) if cache is not None else None
    if kept is None:
        result = judge(subject, profile, seed, (), (), None, 60.0, False, _Listing(subject))
        every = [(v.claim, v.instance["id"], v.instance["kind"]) for v in result.verdicts]
        kept = list(dict.fromkeys(every))
        if cache is not None:
            cache.set(key, kept)
    return [(claim, name, kind) for claim, name, kind in kept]


def _estimate(verdict: Verdict) -> Any:
    """The estimate at the step that decides."""
    case, answer = verdict.case, verdict.answer
    if case is None or not answer:
        return None
    if verdict.step in case.steps and len(answer) == len(case.steps):
        return answer[case.steps.index(verdict.step)]
    return answer[0] if len(answer) == 1 else None


def _data(case: Case) -> Iterator[str]:
    """The data of a case, a line a field."""
    yield f"  problem = {_short(case.problem, 1000)}"
    for name in ("lambda_", "w0", "w", "path", "cotangent", "steps", "inner", "objective"):
        value = getattr(case, name)
        if value is not None:
            yield f"  {name} = {_short(value, 1000)}"
    for name in ("inner_samples", "samples", "step_sizes"):
        if getattr(case, name):
            yield f"  {name} = {_short(getattr(case, name), 1000)}"


def _short(values: Any, most: int = 200) -> str:
    text = str(values)
    return text if len(text) <= most else f"{text[:most]}..."
