#!/usr/bin/env bash
# Runs the tests on the originals (mmengine 0.10.7, mmcv-lite 2.1.0, mmdet 3.3.0) in an environment of their own.
# usage: tools/misc/test_openmmlab.sh [pytest arguments]; PYTHON chooses the interpreter, VENV the folder.
set -euo pipefail
cd "$(dirname "$0")/../.."

python=${PYTHON:-python3}
venv=${VENV:-.venv-openmmlab}

[ -x "$venv/bin/uv" ] || { "$python" -m venv "$venv" && "$venv/bin/python" -m pip install --quiet uv; }
"$venv/bin/uv" pip install --python "$venv/bin/python" --constraint requirements/constraints.txt \
    --editable '.[openmmlab,test]' mmengine==0.10.7 mmcv-lite==2.1.0 mmdet==3.3.0
"$venv/bin/python" -m mmosis.compat.collect_env
"$venv/bin/python" -m pytest "$@"
