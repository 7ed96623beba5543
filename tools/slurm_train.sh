#!/usr/bin/env bash
# Train on a Slurm cluster; the environment variables are those of tools/slurm_run.sh:
#   GPUS=4 GPUS_PER_NODE=4 tools/slurm_train.sh PARTITION JOB_NAME CONFIG WORK_DIR [arguments of tools/train.py]
set -euo pipefail
TOOLS=$(dirname "$0")
exec "$TOOLS/slurm_run.sh" "$1" "$2" "$TOOLS/train.py" "$3" --work-dir "$4" "${@:5}"
