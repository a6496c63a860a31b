#!/bin/sh
# The gallery: figures of the quick profile, of the reproductions and of an example, with an index.
#
#   reports/gallery.sh [BINARY]                 writes reports/gallery (about two minutes)
#   reports/gallery.sh [BINARY] --check         regenerates into a temporary directory and names stale files
#   reports/gallery.sh [BINARY] --check --all   the same with the two halves of Figure 2 (another minute or two)
#
# Without --all a check leaves out the two halves of Figure 2, which take 20 and 53 seconds; Figure 1
# and the example take seconds. What a check leaves out keeps its committed figure, and its words in
# the index are not compared. --run DIR takes a finished quick run with seed 0 instead of making one.
set -eu
cd "$(dirname "$0")/.."
binary=target/release/ratecert
check=no all=no run=
while [ $# -gt 0 ]; do
  case $1 in
    --check) check=yes ;;
    --all) all=yes ;;
    --run) run=$2; shift ;;
    -*) echo "unknown option $1" >&2; exit 2 ;;
    *) binary=$1 ;;
  esac
  shift
done
binary=$(realpath "$binary")
gallery=$PWD/reports/gallery
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fresh=$work/gallery
mkdir "$fresh"

if [ -z "$run" ]; then
  run=$work/run
  "$binary" certify --profile quick --seed 0 --out "$run" >/dev/null
else
  cp -r "$run" "$work/run"
  "$binary" report --run "$work/run" >/dev/null
  run=$work/run
fi
cp "$run"/figures/*.svg "$fresh"

long="figure-2-elastic-net figure-2-poisoning"
wanted=figure-1
if [ $check = no ] || [ $all = yes ]; then wanted="$wanted $long"; fi
for name in $wanted; do
  "$binary" reproduce "$name" --out "$work/$name" >/dev/null
  cp "$work/$name/$name.svg" "$fresh"
done
cargo run --quiet --profile test --features testing --example diabetes_hyperparameters "$fresh/diabetes.svg" >/dev/null

# The index: of a run and of a reproduction their own words.
{
  echo "# Gallery"
  echo
  echo "Written by \`just report --gallery\`; \`reports/gallery.sh --check\` names files that are stale."
  echo
  echo "The first figures are of \`ratecert certify --profile quick --seed 0\`."
  tail -n +2 "$run/figures/README.md"
  for name in figure-1 $long; do
    echo
    if [ -e "$work/$name/summary.md" ]; then
      # Title, figure and words; the table and the fingerprint stand in the summary itself.
      sed -n '/^# /s/^/#/p; /^!\[/p; /^\*\*/p' "$work/$name/summary.md" | sed 's/$/\n/' | sed '$d'
    else
      # As committed, up to the next title.
      awk -v own="($name.svg)" '
        /^## / { if (hit) exit; text = "" }
        { text = text $0 "\n"; if (index($0, own)) hit = 1 }
        END { sub(/\n+$/, "", text); if (hit) print text }' "$gallery/README.md" |
        sed '/^`ratecert reproduce/,$d' | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}'
    fi
    echo
    echo "\`ratecert reproduce $name\`"
  done
  echo
  echo "## Hypergradient descent on the diabetes data"
  echo
  echo "![Hypergradient descent on the diabetes data](diabetes.svg)"
  echo
  echo "**Hypergradient descent ends below the best of 41 × 41 grid points, across places where the support of w(λ) changes.**"
  echo
  echo "\`cargo run --features testing --example diabetes_hyperparameters reports/gallery/diabetes.svg\`"
} >"$fresh/README.md"

if [ $check = no ]; then
  rm -rf "$gallery"
  cp -r "$fresh" "$gallery"
  exit 0
fi
stale=
for file in "$fresh"/* "$gallery"/*; do
  name=$(basename "$file")
  case " $stale " in *" $name "*) continue ;; esac
  if [ $all = no ]; then
    case " $long " in *" ${name%.svg} "*) continue ;; esac
  fi
  cmp -s "$fresh/$name" "$gallery/$name" || stale="$stale $name"
done
if [ -n "$stale" ]; then
  for name in $stale; do echo "stale: reports/gallery/$name" >&2; done
  echo "run: just report --gallery" >&2
  exit 1
fi
echo "reports/gallery is up to date"
