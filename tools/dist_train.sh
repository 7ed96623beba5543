#!/usr/bin/env bash
# Train on several GPUs, or where there is none in several CPU processes:
#   tools/dist_train.sh CONFIG NUM_PROCESSES [arguments of tools/train.py]
set -euo pipefail
TOOLS=$(dirname "$0")
exec "$TOOLS/dist_run.sh" "$2" "$TOOLS/train.py" "$1" "${@:3}"
