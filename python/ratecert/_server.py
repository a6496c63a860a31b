"""The answering side of the protocol: a line in, a line out. Knows nothing of processes."""

from __future__ import annotations

import json
import os
import time
import traceback
from typing import Any, Optional

from ._case import Case, NotConverged
from ._errors import Skip
from ._numbers import Json, decode, encode, estimates
from ._problems import PROBLEMS
from ._subject import Subject


class Server:
    """Answers the messages of the program with the callables of a subject, and keeps a record."""

    def __init__(self, subject: Subject) -> None:
        """Of this subject."""
        self.subject = subject
        #: The lines of the cases that were asked, by id.
        self.asked: dict[str, str] = {}
        #: The lines of the answers, by id.
        self.answered: dict[str, str] = {}
        #: What exceptions looked like, by the id of the case.
        self.tracebacks: dict[str, str] = {}
        #: Seconds spent in the callables.
        self.busy = 0.0
        self._maps = {served.name: served for served in subject.maps}

    def answer(self, line: str) -> Optional[str]:
        """The answer to one line; `None` after "stop"."""
        message = json.loads(line)
        kind = message.get("type")
        if kind == "stop":
            return None
        if kind == "hello":
            reply = self.subject.hello()
        elif kind == "case":
            reply = self._case(message, line)
        elif kind == "eval":
            reply = self._evaluated(message, [message], "value", "value")
        elif kind == "evals":
            reply = self._evaluated(message, message["items"], "values", "values")
        else:
            reply = {"type": "error", "id": "", "message": f"unknown message {kind!r}"}
        return json.dumps(reply, separators=(",", ":"))

    def case(self, case_id: str) -> Optional[Case]:
        """A case that was asked, read anew."""
        line = self.asked.get(case_id)
        return None if line is None else Case.from_message(json.loads(line))

    def answer_to(self, case_id: str) -> Any:
        """The estimates that were given to a case; `None` where there were none."""
        line = self.answered.get(case_id)
        given = None if line is None else json.loads(line).get("estimates")
        return None if given is None else decode(given)

    def skipped(self, case_id: str) -> Optional[str]:
        """Why a case was declined, if it was."""
        line = self.answered.get(case_id)
        message = {} if line is None else json.loads(line)
        return message["reason"] if message.get("type") == "skipped" else None

    def _case(self, message: dict[str, Json], line: str) -> dict[str, Json]:
        case_id = message["id"]
        self.asked[case_id] = line
        try:
            reply = self._estimated(message)
        except Skip as skip:
            reply = {"type": "skipped", "id": case_id, "reason": str(skip)}
        except Exception as error:
            reply = {"type": "error", "id": case_id, "message": self._raised(case_id, error)}
        self.answered[case_id] = json.dumps(reply)
        return reply

    def _estimated(self, message: dict[str, Json]) -> dict[str, Json]:
        if message["problem"]["kind"] not in PROBLEMS:
            raise Skip(f"this version does not know {message['problem']['kind']} problems")
        case = Case.from_message(message)
        method = self.subject.method(case)
        if method is None:
            raise Skip(f"no callable for {case.method}" + (" (Jacobians)" if case.want else ""))
        steps = message.get("steps")
        clock = time.perf_counter()
        try:
            given = method(case)
            status = "ok"
            if isinstance(given, NotConverged):
                given, status = given.estimates, "not-converged"
            # Lazy arrays and generators compute here.
            plain = estimates(given, steps is None, "estimates")
        finally:
            self.busy += time.perf_counter() - clock
        return {
            "type": "result",
            "id": message["id"],
            "estimates": encode(plain),
            "status": status,
        }

    def _evaluated(
        self, message: dict[str, Json], items: list[Json], kind: str, field: str
    ) -> dict[str, Json]:
        request = message.get("id") or ""
        clock = time.perf_counter()
        try:
            values = []
            for item in items:
                served = self._maps.get(item["map"])
                if served is None:
                    raise KeyError(f"no map {item['map']!r} is served")
                values.append(encode(served.value(item)))
        except Exception as error:
            text = self._raised(request, error)
            return {"type": "error", "id": request, "message": text}
        finally:
            self.busy += time.perf_counter() - clock
        return {"type": kind, "id": request, field: values[0] if kind == "value" else values}

    def _raised(self, case_id: str, error: Exception) -> str:
        """Type, message and last line of the traceback; the whole of it is kept."""
        text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        self.tracebacks[case_id] = text
        shown = "".join(traceback.format_exception_only(type(error), error)).strip()
        frames = traceback.extract_tb(error.__traceback__)
        if not frames:
            return shown
        last = frames[-1]
        place = f"{os.path.basename(last.filename)}:{last.lineno} in {last.name}"  # noqa: PTH119
        return f"{shown} ({place}: {last.line})" if last.line else f"{shown} ({place})"
