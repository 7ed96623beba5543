#!/usr/bin/env bash
# Runs the core of the tests on the originals (mmengine 0.10.7, mmcv-lite 2.1.0, mmdet 3.3.0) in an environment of their
# own. usage: tools/misc/test_openmmlab.sh [pytest arguments, `tests` for all of them]
# PYTHON chooses the interpreter, VENV the folder, WORKERS the number of processes.
set -euo pipefail
cd "$(dirname "$0")/../.."

python=${PYTHON:-python3}
venv=${VENV:-.venv-openmmlab}

# What calls the originals: of structures and utils, the modules that name one of them; of the evaluation, not what it
# computes on arrays. Of configs that differ in a split, a number or the data, one is trained, and of the trainings that
# are killed at every moment, one is.
core=(tests/test_{compat,datasets,engine,models} tests/test_evaluation/{test_*.py,test_metrics}
    $(grep --extended-regexp --files-with-matches 'mmengine|mmcv|mmdet' tests/test_{structures,utils}/test_*.py)
    tests/test_config{s,_differences}.py)
alike='ablations or _s2 or _s3 or _s4 or 5shot or omniglot_ or lite_s1 or finetune or matchers and demo'
alike="test_config_trains_and_tests and ($alike) or test_killed_at_any_moment and not scores0"
[ $# -gt 0 ] || set -- -m 'not slow' -k "not ($alike)" "${core[@]}"

[ -x "$venv/bin/uv" ] || { "$python" -m venv "$venv" && "$venv/bin/python" -m pip install --quiet uv; }
"$venv/bin/uv" pip install --python "$venv/bin/python" --constraint requirements/constraints.txt \
    --override requirements/overrides.txt --editable '.[openmmlab,test]' opencv-python-headless \
    mmengine==0.10.7 mmcv-lite==2.1.0 mmdet==3.3.0
"$venv/bin/python" -m mmosis.compat.collect_env
"$venv/bin/python" -m pytest --numprocesses="${WORKERS:-auto}" --dist=worksteal "$@"
