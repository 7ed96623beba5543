#!/usr/bin/env bash
# Test on a Slurm cluster; the environment variables are those of tools/slurm_run.sh:
#   GPUS=4 GPUS_PER_NODE=4 tools/slurm_test.sh PARTITION JOB_NAME CONFIG CHECKPOINT [arguments of tools/test.py]
set -euo pipefail
TOOLS=$(dirname "$0")
exec "$TOOLS/slurm_run.sh" "$1" "$2" "$TOOLS/test.py" "$3" "$4" "${@:5}"
