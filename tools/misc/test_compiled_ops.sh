#!/usr/bin/env bash
# Compiles MMCV's ops (CPU, 10 to 30 minutes) and runs the tests with them in place of torchvision's NMS and RoIAlign.
# usage: tools/misc/test_compiled_ops.sh [pytest arguments]; PYTHON chooses the interpreter, VENV the folder.
set -euo pipefail
cd "$(dirname "$0")/../.."

venv=$(realpath -m "${VENV:-.venv-ops}")

if [ ! -e "$venv/.installed" ]; then
    make .venv/bin/uv </dev/null
    uv=$PWD/.venv/bin/uv
    "$uv" venv --quiet --clear --python "${PYTHON:-python3}" "$venv"
    install=("$uv" pip install --python "$venv/bin/python" --constraint requirements/constraints.txt
        --override requirements/overrides.txt)
    "${install[@]}" --editable '.[onedl,test]' opencv-python-headless setuptools wheel ninja
    # MMCV asks for C++17, which the headers of today's torch refuse; the last flag counts.
    printf '#!/bin/sh\nexec %s "$@" -std=c++20\n' "${CXX:-g++}" >"$venv/bin/c++20"
    chmod +x "$venv/bin/c++20"
    PATH=$venv/bin:$PATH CXX=$venv/bin/c++20 MMCV_WITH_OPS=1 "${install[@]}" --no-deps --no-build-isolation \
        --no-binary onedl-mmcv --reinstall-package onedl-mmcv onedl-mmcv
    touch "$venv/.installed"
fi
"$venv/bin/python" -m mmosis.compat.collect_env
"$venv/bin/python" tools/misc/compare_ops.py
"$venv/bin/python" -m pytest "$@"
