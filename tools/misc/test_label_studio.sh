#!/usr/bin/env bash
# Runs the tests of our Label Studio backend with a real Label Studio, in an environment of its own: half a minute to
# install, and two minutes on a free core. usage: tools/misc/test_label_studio.sh [pytest arguments]
# PYTHON is the interpreter with mmosis, VENV the folder of the environment. Nothing is sent from Label Studio.
set -euo pipefail
cd "$(dirname "$0")/../.."

python=${PYTHON:-.venv/bin/python}
venv=${VENV:-.venv-label-studio}

[ -x "$venv/bin/uv" ] || { "$python" -m venv "$venv" && "$venv/bin/python" -m pip install --quiet uv; }
"$venv/bin/uv" pip install --python "$venv/bin/python" label-studio==1.23.2 label-studio-sdk==2.1.2
LABEL_STUDIO_VENV=$(realpath "$venv") "$python" -m pytest --numprocesses=0 \
    tests/test_integrations/test_real_label_studio.py "$@"
