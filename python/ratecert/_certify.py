"""`certify` and `check_map`: one run of the program against callables of this process."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Optional, Union

from ._child import converse
from ._errors import Error
from ._maps import Box, Hypergradient, Map, Outer, Samples
from ._problems import PROBLEMS
from ._result import Result, read_result
from ._server import Server
from ._shrink import shrink as find_smallest
from ._subject import Method, Subject

PathLike = Union[str, "os.PathLike[str]"]


def certify(
    subject: Optional[Subject] = None,
    *,
    itd: Optional[Method] = None,
    aid_fp: Optional[Method] = None,
    aid_cg: Optional[Method] = None,
    implicit: Optional[Method] = None,
    nsid: Optional[Method] = None,
    sid: Optional[Method] = None,
    hypergradient: Optional[Method] = None,
    itd_jacobian: Optional[Method] = None,
    aid_fp_jacobian: Optional[Method] = None,
    name: Optional[str] = None,
    version: str = "",
    problems: Optional[Sequence[str]] = None,
    dtype: str = "f64",
    tolerance: Optional[float] = None,
    solver_tolerance: Optional[float] = None,
    max_dim: Optional[int] = None,
    path: bool = False,
    maps: Sequence[Map] = (),
    profile: str = "quick",
    seed: int = 0,
    claims: Sequence[str] = (),
    cases: Sequence[str] = (),
    out: Optional[PathLike] = None,
    timeout: float = 30.0,
    shrink: bool = True,
) -> Result:
    """Judges implementations given as callables, or a `Subject`.

    Runs the program `ratecert` as a child process and answers its cases here, one after another.
    The callables and what they may say of themselves are described at `Subject`. `profile` is
    "quick" (at most 300 cases) or "full"; `claims` are names or globs of what is to be judged,
    `cases` parts of ids of cases; `out` keeps the report; `timeout` holds per answer, in seconds.
    `shrink` looks for the smallest instances behind failures, which asks the callables more.

    >>> result = certify(aid_fp=my_aid, cases=["empty-support"])    # doctest: +SKIP
    >>> result.ok, [f.check for f in result.failures]               # doctest: +SKIP
    (True, [])
    """
    given: dict[str, Any] = {
        "itd": itd,
        "aid_fp": aid_fp,
        "aid_cg": aid_cg,
        "implicit": implicit,
        "nsid": nsid,
        "sid": sid,
        "hypergradient": hypergradient,
        "itd_jacobian": itd_jacobian,
        "aid_fp_jacobian": aid_fp_jacobian,
        "tolerance": tolerance,
        "solver_tolerance": solver_tolerance,
        "max_dim": max_dim,
    }
    given = {key: value for key, value in given.items() if value is not None}
    if name is not None:
        given["name"] = name
    if problems is not None and tuple(problems) != PROBLEMS:
        given["problems"] = tuple(problems)
    for key, value, usual in (
        ("version", version, ""),
        ("dtype", dtype, "f64"),
        ("path", path, False),
        ("maps", tuple(maps), ()),
    ):
        if value != usual:
            given[key] = value
    return judge(Subject.of(subject, given), profile, seed, claims, cases, out, timeout, shrink)


def check_map(
    phi: Callable[..., Any],
    w0: Any,
    lam: Any,
    *,
    vjp: Optional[Callable[..., Any]] = None,
    jvp: Optional[Callable[..., Any]] = None,
    hypergradient: Union[Hypergradient, Callable[..., Any], None] = None,
    domain: Optional[dict[str, Box]] = None,
    tolerance: float = 0.0,
    name: str = "map",
    samples: Optional[Samples] = None,
    outer: Optional[Outer] = None,
    dtype: str = "f64",
    seed: int = 0,
    profile: str = "quick",
    out: Optional[PathLike] = None,
    timeout: float = 30.0,
) -> Result:
    """Examines a map Φ of one's own: its products, its fixed point, its hypergradient.

    The arguments are described at `Map`. Nothing is known of Φ but its values, so every verdict
    says on what it is conditional.
    """
    served = Map(
        phi=phi,
        w0=w0,
        lam=lam,
        vjp=vjp,
        jvp=jvp,
        hypergradient=hypergradient,
        domain=domain,
        tolerance=tolerance,
        name=name,
        samples=samples,
        outer=outer,
    )
    subject = Subject(name=name, maps=(served,), dtype=dtype)
    return judge(subject, profile, seed, (), (), out, timeout)


def judge(
    subject: Subject,
    profile: str,
    seed: int,
    claims: Sequence[str],
    cases: Sequence[str],
    out: Optional[PathLike],
    timeout: float,
    make_small: bool = True,
    server: Optional[Server] = None,
) -> Result:
    """Runs the program against a subject and reads what it wrote."""
    for what, given in (("claims", claims), ("cases", cases)):
        if isinstance(given, str):
            raise Error(f'{what} is a list of texts; write [{given!r}] instead of "{given}"')
    keep = None
    if out is None:
        keep = tempfile.TemporaryDirectory(prefix="ratecert-")
        folder = Path(keep.name) / "report"
    else:
        folder = Path(out)
    options = ["--profile", profile, "--seed", str(seed), "--timeout", repr(float(timeout))]
    arguments = ["subject", *(claims or subject.claims()), "--stdio", *options]
    arguments += ["--out", str(folder)]
    for case in cases:
        arguments += ["--case", case]
    server = server or Server(subject)
    clock = time.perf_counter()
    code, said = converse(arguments, server)
    seconds = time.perf_counter() - clock
    lines = said.splitlines()
    if code not in (0, 1, 3):
        text = "\n".join(line.removeprefix("ratecert: ") for line in lines).strip()
        raise Error(text or f"the program ended with {code}")
    text = "\n".join(line for line in lines if not line.startswith("report: ")).rstrip()
    again = f"ratecert.certify(..., cases=['{{}}'], profile={profile!r}, seed={seed})"
    text = _spoken(text, profile, seed)
    result = read_result(folder, code, text, server, again, seconds, keep)
    if make_small and result.failures and not result.given_up:
        small = find_smallest(subject, [v.raw for v in result.verdicts], options)
        result = result.with_smallest(small)
    return result


def _spoken(text: str, profile: str, seed: int) -> str:
    """The printed table with replays as they are written here."""
    command = "again: ratecert subject --stdio --case "
    out = []
    for line in text.splitlines():
        head, found, case = line.partition(command)
        if found:
            line = f"{head}again: certify(..., cases=[{case!r}], profile={profile!r}, seed={seed})"
        out.append(line)
    return "\n".join(out)
