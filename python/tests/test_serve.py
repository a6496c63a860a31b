"""`serve`: the program starts the implementation."""

import json
import os
import subprocess
import sys
from pathlib import Path

from ratecert._binary import find

HERE = Path(__file__).parent

SCRIPT = """
import os, sys
sys.path.insert(0, {here!r})
import methods, ratecert

def noisy(case):
    print("a print of the callable")
    os.system("echo a print below Python")
    assert sys.stdin.read() == ""
    yield from methods.aid_fp(case)

ratecert.serve(aid_fp=noisy, name="served", version="3")
print("stdout is back", flush=True)
"""


def script(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(SCRIPT.format(here=str(HERE)))
    return str(path)


def test_the_program_starts_it_and_prints_do_no_harm(tmp_path):
    out = tmp_path / "report"
    command = [str(find()), "subject", "aid-fp", "--case", "empty-support", "--out", str(out)]
    done = subprocess.run(
        [*command, "--inherit-env", "--check-protocol", "--", sys.executable, script(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "served 3 passes" in done.stdout


def test_the_conversation_itself(tmp_path):
    case = {
        "type": "case",
        "id": "a",
        "method": "aid-fp",
        "problem": {"kind": "affine", "A": [[0.5]], "B": [[1.0]], "c": [1.0]},
        "lambda": [0.0],
        "w": [2.0],
        "cotangent": [1.0],
        "steps": [0, 1, 2],
    }
    said = [{"type": "hello", "protocol": 1}, case, {"type": "stop"}]
    done = subprocess.run(
        [sys.executable, script(tmp_path)],
        input="".join(json.dumps(message) + "\n" for message in said),
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ),
    )
    lines = done.stdout.splitlines()
    hello, result = json.loads(lines[0]), json.loads(lines[1])
    assert hello["name"] == "served"
    assert hello["methods"] == ["aid-fp"]
    assert result == {
        "type": "result",
        "id": "a",
        "estimates": [[0.0], [1.0], [1.5]],
        "status": "ok",
    }
    assert lines[2:] == ["stdout is back"]
    assert "a print of the callable" in done.stderr
    assert "a print below Python" in done.stderr
