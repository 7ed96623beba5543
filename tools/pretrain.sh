#!/usr/bin/env bash
# Pre-train the leak-free backbone and put it where the detectors look for it:
#   tools/pretrain.sh NUM_GPUS [arguments of tools/train.py]
# Several machines: as for tools/dist_train.sh.
set -euo pipefail
TOOLS=$(dirname "$0")
WORK_DIR=${WORK_DIR:-work_dirs/resnet50_imagenet687}
OUT=${OUT:-checkpoints/resnet50_imagenet687.pth}
"$TOOLS/dist_train.sh" "$TOOLS/../configs/pretrain/resnet50_imagenet687.py" "$1" --work-dir "$WORK_DIR" "${@:2}"
if [ "${NODE_RANK:-0}" = 0 ]; then
    mkdir -p "$(dirname "$OUT")"
    "${PYTHON:-python}" "$TOOLS/model_converters/extract_backbone.py" "$(cat "$WORK_DIR/last_checkpoint")" "$OUT"
fi
