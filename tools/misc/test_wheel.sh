#!/usr/bin/env bash
# Builds the wheel, installs it in an empty environment, and trains, tests and searches with it, away from the checkout;
# and in another one, without torch, searches alone.
# usage: tools/misc/test_wheel.sh; PYTHON chooses the interpreter.
set -euo pipefail
cd "$(dirname "$0")/../.."
checkout=$PWD

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python="$folder/venv/bin/python"
uv=$PWD/.venv/bin/uv
make .venv/bin/uv </dev/null

say() { printf '\nwheel: %s\n' "$1"; }

say 'build a source distribution, and the wheel from it'
"$uv" build --quiet --out-dir "$folder/dist"
ls "$folder/dist"

say 'install it in an empty environment'
"$uv" venv --quiet --python "${PYTHON:-python3}" "$folder/venv"
"$uv" pip install --quiet --python "$python" --constraint requirements/constraints.txt \
    --override requirements/overrides.txt "$(echo "$folder"/dist/*.whl)[onedl]" opencv-python-headless

mkdir "$folder/away"
cd "$folder/away"
unset PYTHONPATH
mim=$("$python" -c 'import mmosis; print(mmosis.__path__[0])')/.mim
say "imported from ${mim%/.mim}"
[[ $mim == "$folder"/venv/* ]]

say 'make scenes'
make_scenes="$mim/tools/dataset_converters/make_synthetic.py"
"$python" "$make_scenes" data/train --num-images 80 --image-size 64 >/dev/null
"$python" "$make_scenes" data/test --num-images 80 --image-size 64 --seed 1 >/dev/null

say 'train two steps and test, by a config that inherits from mmosis::'
cat >small.py <<'CONFIG'
_base_ = 'mmosis::demo/siamese_mask_rcnn_demo_s1.py'

loader = dict(num_workers=0, persistent_workers=False)
train_dataloader = dict(batch_size=1, dataset=dict(data_root='data/'), **loader)
test_dataloader = dict(dataset=dict(data_root='data/', indices=3), **loader)
train_cfg = dict(max_iters=2)
default_hooks = dict(checkpoint=dict(interval=2))
log_level = 'ERROR'
CONFIG
"$python" "$mim/tools/train.py" small.py --work-dir work
"$python" "$mim/tools/test.py" small.py work/iter_2.pth --work-dir work
grep --only-matching --no-filename '"one-shot/[a-z]*_mAP_50": [0-9.e-]*' work/*/*.json

say 'search by example with the default model'
searched=(data/test/images/00000*.jpg)
words=("${searched[@]}" --reference "${searched[0]}" --score-thr 0.1)
"$folder/venv/bin/mmosis" search "${words[@]}" --out found --runtime torch
[[ $(ls found/overlays | wc -l) == "${#searched[@]}" ]]
grep --quiet '"counts"' found/annotations.json

say 'search in an environment without torch: as much is found'
"$uv" venv --quiet --python "${PYTHON:-python3}" "$folder/light"
"$uv" pip install --quiet --python "$folder/light/bin/python" --constraint "$checkout/requirements/constraints.txt" \
    --override "$checkout/requirements/overrides.txt" "$(echo "$folder"/dist/*.whl)[light]"
"$folder/light/bin/python" -c 'from importlib.util import find_spec; assert not find_spec("torch")'
"$folder/light/bin/mmosis" search "${words[@]}" --out light
count() { grep --only-matching '"area"' "$1/annotations.json" | wc -l; }
[[ $(count light) == $(count found) ]]

say 'passed'
