#!/usr/bin/env bash
# The Python package as a stranger meets it: a clean environment, one command to install it, the
# lines that the README starts with, the NumPy example, and the tests. CARGO_TARGET_DIR is honoured.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
python="${PYTHON:-python3}"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 9))' ||
  { echo "Python 3.9 or later is needed; PYTHON names another one" >&2; exit 1; }
"$python" -m venv "$work/venv"
export PATH="$work/venv/bin:$PATH"
unset RATECERT_BINARY PYTHONPATH
pip install --quiet --disable-pip-version-check numpy 'pytest>=7.2' mypy ruff

echo "== pip install ./python"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$here/../target}"
pip install --quiet --disable-pip-version-check "$here"
cd "$work"
ratecert --version

echo "== the lines that the README starts with"
awk '/^```python/ { inside = 1; next } /^```/ { exit } inside' "$here/README.md" > readme.py
python readme.py

echo "== the NumPy example"
python "$here/examples/numpy_from_scratch.py"

echo "== types and lints"
(cd "$here" && mypy && ruff check . && ruff format --check .)

echo "== tests"
pytest -p no:cacheprovider -q -c "$here/pyproject.toml" "$here/tests"
