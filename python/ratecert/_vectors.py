"""The ground-truth vectors: cases with exact answers, for plain parametrised tests.

    @pytest.mark.parametrize("vector", ratecert.cases("aid-fp"), ids=str)
    def test_mine(vector):
        assert not vector.misses(my_aid(vector.case))

`python -m ratecert.vectors [METHOD]` lists them. They are read from a directory given, from the one
that the environment variable RATECERT_VECTORS names, or from that of the checkout.
"""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

from ._case import Case
from ._certify import PathLike
from ._errors import Error
from ._numbers import decode, estimates, flat
from ._problems import PROBLEMS
from ._recipes import problem

VARIABLE = "RATECERT_VECTORS"


@dataclass(frozen=True)
class Vector:
    """A case and what is right for it."""

    case: Case
    #: point, set or refuse.
    kind: str
    #: Which mistakes it is about.
    flags: list[str]
    #: What is special about it, in words.
    comment: str
    #: The field "expected" as it is written, with its error bounds and floors.
    expected: dict[str, Any] = field(repr=False)

    def __str__(self) -> str:
        """The id of the case."""
        return self.case.id

    def misses(self, answer: Any) -> list[str]:
        """Which estimates are further from the printed ones than error and floor allow, in words.

        The rule is that of the vectors: Euclidean distances, `radius` added where a unit lies at
        its kink. A case to be refused has no right estimate.
        """
        if self.kind == "refuse":
            return ["this input must be refused"]
        first = self.expected
        if self.kind == "set":
            first = self.expected["members"][0]
        wanted = decode(first["estimates"])
        given: Any = estimates(answer, not self.case.steps, "estimates")
        if len(given) != len(wanted):
            return [f"{len(given)} estimates for {len(wanted)}"]
        out = []
        radius = self.expected.get("radius") or [0.0] * len(wanted)
        room = [sum(map(decode, r)) for r in zip(radius, *(self.expected[k] for k in _ROOM))]
        for n, (got, want, most) in enumerate(zip(given, wanted, room)):
            got, want = flat(got), flat(want)
            off = math.dist(got, want) if len(got) == len(want) else math.inf
            if not off <= most:
                step = f"at step {self.case.steps[n]}" if self.case.steps else "the estimate"
                out.append(f"{step}: {off:.3g} away, {most:.3g} allowed")
        return out


_ROOM = ("error", "floor")


def cases(method: Optional[str] = None, directory: Optional[PathLike] = None) -> list[Vector]:
    """All vectors, or those of one method."""
    out = []
    for path in sorted(folder(directory).glob("*.json")):
        group = json.loads(path.read_text(encoding="utf-8"))
        if "cases" not in group:
            continue
        written = group["problem"]
        if "recipe" in written:
            try:
                written = problem(written["recipe"], written["dim"])
            except KeyError:
                raise Error(f"{path}: the recipe {written['recipe']!r} is not known") from None
        if written.get("kind") not in PROBLEMS:
            continue
        for message in group["cases"]:
            if method is not None and message["method"] != method:
                continue
            out.append(
                Vector(
                    case=Case.from_message({**message, "problem": written}),
                    kind=message["expected"]["kind"],
                    flags=[*group.get("flags", []), *message.get("flags", [])],
                    comment=message.get("comment") or group.get("comment", ""),
                    expected=message["expected"],
                )
            )
    return out


def folder(directory: Optional[PathLike] = None) -> Path:
    """Where the vectors are."""
    named = directory if directory is not None else os.environ.get(VARIABLE)
    here = Path(__file__).resolve().parent
    places = [Path(named)] if named else [here / "vectors", here.parent.parent / "vectors"]
    for place in places:
        if any(place.glob("*.json")):
            return place
    looked = ", ".join(str(p) for p in places)
    raise Error(f"there are no vectors in {looked}; {VARIABLE} may name their directory")
