#!/usr/bin/env bash
# The workflow on local cores with a small sweep, a shard killed on the way, and the two ways without
# Snakemake: all leave the bytes of one process.
#
#   scale/test.sh target/release/ratecert
set -euo pipefail
binary="$(realpath "$1")"
cd "$(dirname "$0")/.."
tools="$PWD/target/scale"
[ -x "$tools/bin/snakemake" ] || {
  python3 -m venv "$tools"
  "$tools/bin/pip" install --quiet 'snakemake==9.27.1'
}
dir="$(mktemp -d)"
trap 'rm -rf "$dir"' EXIT
sweep=(--profile test --times 3 --seed 5)
claims=('itd-bound' 'itd-tight' 'nsid-limit')

same() {
  for name in verdicts.jsonl records.jsonl; do
    cmp "$dir/one/$name" "$1/$name"
  done
  echo "$2: the same bytes"
}

"$binary" certify "${claims[@]}" "${sweep[@]}" --out "$dir/one" >"$dir/one.txt"

# The first shard is killed while it runs, once.
cat >"$dir/ratecert" <<WRAPPER
#!/usr/bin/env bash
if [[ " \$* " == *" --shard 1/4 "* ]] && mkdir "$dir/killed" 2>/dev/null; then
  "$binary" "\$@" &
  pid=\$!
  # After some of its instances.
  for _ in \$(seq 500); do
    [ "\$(cat "$dir"/sweep/shards/.ratecert-*/journal 2>/dev/null | wc -l)" -gt 5 ] && break
    sleep 0.01
  done
  kill -9 \$pid
  wait \$pid
  exit 137
fi
exec "$binary" "\$@"
WRAPPER
chmod +x "$dir/ratecert"
"$tools/bin/snakemake" --snakefile scale/Snakefile --profile scale/profiles/local --cores 2 --quiet all \
  --config ratecert="$dir/ratecert" out="$dir/sweep" shards=4 profile=test times=3 seed=5 claims="${claims[*]}" \
  >"$dir/snakemake.txt" 2>&1 || { cat "$dir/snakemake.txt"; exit 1; }
[ -d "$dir/killed" ] || { echo "no shard was killed"; exit 1; }
same "$dir/sweep/whole" "Snakemake, with a shard killed on the way"
[ -e "$dir/sweep/whole/index.html" ]

# An implementation of others: shards, the whole, the page.
"$tools/bin/snakemake" --snakefile scale/Snakefile --profile scale/profiles/local --cores 2 --quiet all \
  --config ratecert="$binary" out="$dir/foreign" shards=3 profile=test claims="itd aid-fp" subject="$binary serve" \
  >"$dir/snakemake.txt" 2>&1 || { cat "$dir/snakemake.txt"; exit 1; }
"$binary" subject itd aid-fp --profile test --out "$dir/asked" -- "$binary" serve >"$dir/asked.txt" 2>&1
cmp "$dir/asked/verdicts.jsonl" "$dir/foreign/whole/verdicts.jsonl"
[ -e "$dir/foreign/whole/conformance.md" ]
echo "Snakemake, a subject: the same bytes"

# Without Snakemake.
for i in 1 2 3; do
  SLURM_ARRAY_TASK_ID=$i SLURM_ARRAY_TASK_COUNT=3 SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_MAX=3 RATECERT="$binary" \
    scale/slurm.sh "$dir/array" "${claims[@]}" "${sweep[@]}" >"$dir/array.txt" 2>&1 || { cat "$dir/array.txt"; exit 1; }
done
"$binary" merge "$dir/array" --out "$dir/joined" >"$dir/joined.txt" 2>&1
same "$dir/joined" "the array job"
