#!/usr/bin/env bash
# Start a tool by Slurm: tools/slurm_run.sh PARTITION JOB_NAME TOOL [arguments]. The other slurm_*.sh call it.
# As for mmdet: GPUS (all together), GPUS_PER_NODE, CPUS_PER_TASK, and SRUN_ARGS for more arguments of srun.
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/.." && pwd)
GPUS_PER_NODE=${GPUS_PER_NODE:-8}
# SRUN_ARGS unquoted: it is a list of words.
PYTHONPATH="$ROOT${PYTHONPATH:+:$PYTHONPATH}" exec srun -p "$1" \
    --job-name="$2" \
    --gres=gpu:"$GPUS_PER_NODE" \
    --ntasks="${GPUS:-8}" \
    --ntasks-per-node="$GPUS_PER_NODE" \
    --cpus-per-task="${CPUS_PER_TASK:-5}" \
    --kill-on-bad-exit=1 \
    ${SRUN_ARGS:-} \
    "${PYTHON:-python}" -u "$3" "${@:4}" --launcher slurm
