"""The program as a child process: starts it, answers it, and leaves nothing of it behind."""

from __future__ import annotations

import _thread
import contextlib
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from typing import Any, Optional

from ._binary import find
from ._errors import Error
from ._server import Server


def converse(arguments: Sequence[str], server: Server) -> tuple[int, str]:
    """Runs the program with these arguments until it ends; its exit code, and its stderr.

    An exception that is no answer, an interruption from the keyboard among them, ends the child.
    """
    command = [str(find()), *arguments]
    try:
        child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
    except OSError as error:
        raise Error(f"{command[0]} cannot be started: {error}") from error
    said: list[str] = []
    reader = threading.Thread(target=_read_all, args=(child, said), daemon=True)
    reader.start()
    watch = Watch(child)
    try:
        _answer(child, server, watch)
        code = child.wait()
    except BaseException:
        child.kill()
        child.wait()
        raise
    finally:
        reader.join()
        for stream in (child.stdin, child.stdout, child.stderr):
            if stream is not None:
                # What is buffered for a child that is gone cannot be written.
                with contextlib.suppress(OSError):
                    stream.close()
    return code, "".join(said)


def _read_all(child: subprocess.Popen[str], said: list[str]) -> None:
    if child.stderr is not None:
        said.append(child.stderr.read())


def _answer(child: subprocess.Popen[str], server: Server, watch: Watch) -> None:
    if child.stdin is None or child.stdout is None:
        return
    while True:
        line = child.stdout.readline()
        if not line:
            return
        try:
            with watch:
                reply = server.answer(line)
        except KeyboardInterrupt:
            if not watch.late:
                raise
            return
        if reply is None:
            return
        try:
            child.stdin.write(reply + "\n")
            child.stdin.flush()
        except (BrokenPipeError, OSError):
            # It ended while we were answering: an answer that took too long.
            return


class Watch:
    """Interrupts a callable of the main thread that still runs when the child has ended.

    The program waits for an answer only so long. Without this a callable that never returns would
    hold up the process that asked for a verdict on it.
    """

    def __init__(self, child: subprocess.Popen[Any]) -> None:
        """Over this child."""
        self.late = False
        self._child = child
        self._busy = False
        self._lock = threading.Lock()
        self._main = threading.main_thread().ident
        if threading.current_thread() is threading.main_thread():
            threading.Thread(target=self._wait, daemon=True).start()

    def _wait(self) -> None:
        self._child.wait()
        with self._lock:
            if self._busy:
                self.late = True
                if hasattr(signal, "pthread_kill") and self._main is not None:
                    # Wakes a sleeping or reading callable, which interrupt_main does not.
                    signal.pthread_kill(self._main, signal.SIGINT)
                else:
                    _thread.interrupt_main()

    def __enter__(self) -> None:
        with self._lock:
            self._busy = True

    def __exit__(self, raised: Optional[type[BaseException]], *_: object) -> None:
        with self._lock:
            self._busy = False
            late = self.late
        if late and raised is not KeyboardInterrupt:
            # The interruption is on its way; it is met here rather than somewhere else.
            time.sleep(5)
