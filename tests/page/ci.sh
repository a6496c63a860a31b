#!/bin/sh
# Opens pages of three runs (passing, failing, of a subject) in Chromium and checks what a reader
# depends on. Needs node, npm and Chromium; takes the path of the binary.
#
#   tests/page/ci.sh target/release/ratecert [SHOTS]
#
# Screenshots are left in the directory SHOTS, if one is named.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
binary=$(realpath "$1")
shots=${2:-}
[ -z "$shots" ] || { mkdir -p "$shots"; shots=$(realpath "$shots"); }

(cd "$here" && npm ci --ignore-scripts --no-audit --no-fund --silent)
runs=$(mktemp -d)
trap 'rm -rf "$runs"' EXIT
cd "$runs"
"$binary" certify --out passing >/dev/null
cp -r passing failing
node "$here/spoil.mjs" failing
"$binary" report --run failing >/dev/null
"$binary" subject --out subject -- "$binary" serve --fault missing-ridge >/dev/null || [ $? -eq 1 ]
"$binary" report --run subject --run subject --out comparison >/dev/null
SHOTS=$shots node "$here/check.mjs" passing/index.html failing/index.html subject/index.html comparison/index.html
