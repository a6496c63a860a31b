"""Failures made small.

The program makes a failure small by asking again of fresh processes, which a process that started
the program cannot give it. So the failing cases are asked once more with the roles changed: the
program starts a relay for every conversation, and the relay leads back here. The callables are the
same, in the same process.
"""

from __future__ import annotations

import json
import secrets
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Optional

from . import _relay
from ._binary import find
from ._case import Case
from ._child import Watch
from ._server import Server
from ._subject import Subject

#: Failing cases of one claim and check that are looked at.
_LOOKED_AT = 2


class Small:
    """A smallest failing instance, and the case that it was."""

    def __init__(self, raw: dict[str, Any], line: Optional[str]) -> None:
        """Of the field of a verdict and the line that asked."""
        self.raw = raw
        self._line = line

    @property
    def case(self) -> Optional[Case]:
        """The case, made anew; `None` where it cannot be told which it was."""
        return None if self._line is None else Case.from_message(json.loads(self._line))


def shrink(
    subject: Subject, verdicts: list[dict[str, Any]], options: list[str]
) -> dict[str, Small]:
    """The smallest instances behind failing verdicts, by the ids of these.

    `verdicts` are lines as written, `options` what the run was given. Only cases that were drawn
    can be made small; fixed ones are small.
    """
    looked: dict[tuple[str, str], list[str]] = {}
    for verdict in verdicts:
        drawn = f"{verdict['claim']}/{verdict['instance']['id']}"
        if verdict["status"] != "fail" or f"--case {drawn}" not in verdict["replay"]:
            continue
        some = looked.setdefault((verdict["claim"], verdict["check"]), [])
        if len(some) < _LOOKED_AT:
            some.append(drawn)
    cases = dict.fromkeys(case for some in looked.values() for case in some)
    if not cases:
        return {}
    claims = dict.fromkeys(claim for claim, _ in looked)
    with tempfile.TemporaryDirectory(prefix="ratecert-") as folder:
        out = Path(folder) / "report"
        arguments = ["subject", *claims, *options, "--out", str(out)]
        for case in cases:
            arguments += ["--case", case]
        servers = _converse(arguments, subject)
        try:
            text = (out / "verdicts.jsonl").read_text(encoding="utf-8")
        except OSError:
            return {}
        again = [json.loads(line) for line in text.splitlines()]
        found = [v for v in again if v.get("smallest")]
        if not found:
            return {}
        lines = _judged(servers, subject, Path(folder))
    return {
        v["id"]: Small(
            v["smallest"], lines.get((v["claim"], v["check"], v["smallest"]["measured"]))
        )
        for v in found
    }


def _judged(
    servers: list[Server], subject: Subject, folder: Path
) -> dict[tuple[str, str, Any], str]:
    """What was asked on the way to smaller instances, by claim, check and measured value.

    The program judges it: a smallest instance is named by its measured value.
    """
    said = [json.dumps(subject.hello())]
    asked: dict[str, str] = {}
    for n, server in enumerate(servers):
        for case_id, line in server.asked.items():
            answer = server.answered.get(case_id)
            if "/smaller." in case_id and answer is not None:
                # The ids of one search are those of another one too.
                unique = f"{case_id}.{n}"
                asked[unique] = line
                said += [json.dumps({**json.loads(m), "id": unique}) for m in (line, answer)]
    recording = folder / "said.jsonl"
    recording.write_text("\n".join(said) + "\n", encoding="utf-8")
    subprocess.run(
        [str(find()), "check", str(recording), "--out", str(folder / "check")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    verdicts = folder / "check" / "verdicts.jsonl"
    out: dict[tuple[str, str, Any], str] = {}
    if verdicts.exists():
        for line in verdicts.read_text(encoding="utf-8").splitlines():
            v = json.loads(line)
            name = v["instance"]["id"]
            line_of_case = asked.get(name) or asked.get(f"{v['claim']}/{name}")
            if v["status"] == "fail" and line_of_case is not None:
                out[v["claim"], v["check"], v["measured"]] = line_of_case
    return out


def _converse(arguments: list[str], subject: Subject) -> list[Server]:
    """Runs the program, which starts relays; one server per conversation."""
    servers: list[Server] = []
    word = secrets.token_hex(16)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        port = listener.getsockname()[1]
        relay = [sys.executable, "-I", "-S", str(_relay.__file__), str(port), word]
        child = subprocess.Popen(
            [str(find()), *arguments, "--", *relay],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        watch = Watch(child)
        try:
            while child.poll() is None:
                try:
                    connection, _ = listener.accept()
                except TimeoutError:
                    continue
                except socket.timeout:  # another exception before Python 3.10
                    continue
                with connection:
                    connection.settimeout(None)
                    server = Server(subject)
                    servers.append(server)
                    _answer(connection, server, word, watch)
        except BaseException:
            child.kill()
            child.wait()
            raise
    return servers


def _answer(connection: socket.socket, server: Server, word: str, watch: Watch) -> None:
    lines = connection.makefile("r", encoding="utf-8")
    try:
        if lines.readline().strip() != word:
            return
        for line in lines:
            with watch:
                reply = server.answer(line)
            if reply is None:
                return
            connection.sendall(reply.encode() + b"\n")
    except KeyboardInterrupt:
        if not watch.late:
            raise
    except OSError:
        # The relay is gone: an answer that took too long.
        return
    finally:
        lines.close()
