#!/usr/bin/env bash
# A sweep as an array job, without Snakemake:
#
#   sbatch --array=1-100 scale/slurm.sh runs/sweep --profile quick --times 310
#   ratecert merge runs/sweep --out runs/whole
#
# Submit it again for what was lost: finished shards end at once, others go on where they were.
#SBATCH --job-name=ratecert
#SBATCH --cpus-per-task=1
#SBATCH --mem=2G
#SBATCH --time=04:00:00
#SBATCH --requeue
set -euo pipefail
out="${1:?the directory of the sweep}"
shift
i="$SLURM_ARRAY_TASK_ID" n="$SLURM_ARRAY_TASK_COUNT"
# A range that does not begin at 1, or has gaps, would leave out instances.
[ "$SLURM_ARRAY_TASK_MIN" = 1 ] && [ "$SLURM_ARRAY_TASK_MAX" = "$n" ] || {
  echo "the array must be 1-N, to the end also where it is submitted again" >&2
  exit 2
}
[ -e "$out/$i/run.json" ] && exit 0
"${RATECERT:-ratecert}" certify --shard "$i/$n" --jobs "${SLURM_CPUS_PER_TASK:-1}" --resume=if-any --out "$out/$i" "$@" || {
  code=$?
  # A violation and an undecided claim are results: merge says what they come to.
  [ "$code" = 1 ] || [ "$code" = 3 ]
}
