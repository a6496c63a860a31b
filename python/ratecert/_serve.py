"""`serve`: answers on this process's own stdin and stdout, for `ratecert subject -- CMD`."""

from __future__ import annotations

import os
import sys
from typing import IO, Any, Optional

from ._server import Server
from ._subject import Subject


def serve(subject: Optional[Subject] = None, **callables: Any) -> None:
    """Answers until the program says stop or closes its side.

    Takes a `Subject`, or the same keyword arguments. Meanwhile the protocol has stdin and stdout to
    itself: what callables and libraries print goes to stderr, and reading stdin finds nothing.

    >>> serve(aid_fp=my_aid, name="mine")                           # doctest: +SKIP
    """
    server = Server(Subject.of(subject, callables))
    sys.stdout.flush()
    printed, kept = sys.stdout, (os.dup(0), os.dup(1))
    nothing = os.open(os.devnull, os.O_RDONLY)
    # Also what is printed below Python, by a library written in C.
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    sys.stdout = sys.stderr
    try:
        lines = os.fdopen(kept[0], encoding="utf-8", closefd=False)
        with lines, os.fdopen(kept[1], "w", encoding="utf-8", closefd=False) as answers:
            _answer(server, lines, answers)
    finally:
        sys.stdout = printed
        for number, descriptor in enumerate(kept):
            os.dup2(descriptor, number)
            os.close(descriptor)


def _answer(server: Server, lines: IO[str], answers: IO[str]) -> None:
    for line in lines:
        reply = server.answer(line)
        if reply is None:
            return
        answers.write(reply + "\n")
        answers.flush()
