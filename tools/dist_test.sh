#!/usr/bin/env bash
# Test on several GPUs, or where there is none in several CPU processes:
#   tools/dist_test.sh CONFIG CHECKPOINT NUM_PROCESSES [arguments of tools/test.py]
set -euo pipefail
TOOLS=$(dirname "$0")
exec "$TOOLS/dist_run.sh" "$3" "$TOOLS/test.py" "$1" "$2" "${@:4}"
