"""The command line tools, run as a user runs them."""

import json
import shutil
import sys
from pathlib import Path

import cv2
import pytest
import torch
from tools_runner import DEMO, STEPS, run, run_processes

from mmosis.compat.checkpoint import load_from_local


def test_train_saves_and_resumes(trained: Path, options: list[str], tmp_path: Path) -> None:
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    (tmp_path / f'iter_{STEPS}.pth').unlink()
    checkpoint = tmp_path / 'iter_1.pth'
    output = run(
        'tools/train.py',
        DEMO,
        '--work-dir',
        tmp_path,
        '--resume',
        checkpoint,
        *options,
        'log_level=INFO',
    )
    assert 'resumed epoch: 0, iter: 1' in output
    assert (tmp_path / f'iter_{STEPS}.pth').is_file()


def test_resume_alone_skips_a_corrupt_checkpoint(
    trained: Path, options: list[str], tmp_path: Path, mmengine_log: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    corrupt = tmp_path / f'iter_{STEPS}.pth'
    complete = corrupt.read_bytes()
    corrupt.write_bytes(complete[: len(complete) // 2])
    output = run('tools/train.py', DEMO, '--work-dir', tmp_path, '--resume', *options, 'log_level=INFO')
    (warning,) = (message for message in mmengine_log.messages if message.startswith(f'corrupt checkpoint {corrupt} ('))
    assert warning.endswith(f'): {tmp_path}/iter_1.pth is used instead')
    assert 'resumed epoch: 0, iter: 1' in output
    weights = [load_from_local(folder / corrupt.name)['state_dict'] for folder in (trained, tmp_path)]
    assert all(torch.equal(*values) for values in zip(*(weight.values() for weight in weights), strict=True))


def test_resume_alone_starts_where_there_is_nothing(options: list[str], tmp_path: Path) -> None:
    run('tools/train.py', DEMO, '--work-dir', tmp_path, '--resume', *options)
    assert (tmp_path / f'iter_{STEPS}.pth').is_file()


def test_test_evaluates_dumps_and_draws(trained: Path, options: list[str], tmp_path: Path) -> None:
    run(
        *('tools/test.py', DEMO, trained / f'iter_{STEPS}.pth', '--work-dir', tmp_path),
        *('--out', tmp_path / 'out.pkl', '--show-dir', tmp_path / 'drawn', *options),
    )
    metrics = json.loads(next(tmp_path.glob('*/*.json')).read_text())
    assert 'one-shot/bbox_mAP_50' in metrics
    assert (tmp_path / 'out.pkl').is_file()
    assert len(list((tmp_path / 'drawn').iterdir())) == 3


def test_mask_quality_measures_in_true_and_in_detected_boxes(trained: Path, options: list[str], tmp_path: Path) -> None:
    output = run(
        *('tools/analysis_tools/mask_quality.py', DEMO, trained / f'iter_{STEPS}.pth', '--work-dir', tmp_path),
        *options,
    )
    cells = [[cell.strip() for cell in line.split('|')[1:-1]] for line in output.splitlines() if '|' in line]
    rows = {row[0]: row[1:] for row in cells if 'boxes' in row[0]}
    objects, mean, percent, boundary = (float(cell) for cell in rows['true boxes'])
    assert objects >= int(rows['detected boxes'][0])
    assert objects > 0
    assert 0 < mean < 100
    assert 0 <= percent <= 100
    assert 0 < boundary < 100


WRONG = 'are not those of this config: The model and loaded state dict do not match exactly'
ANOTHER = 'configs/matchers/mutual_demo.py'


def test_weights_of_another_config_are_refused(trained: Path, options: list[str], tmp_path: Path) -> None:
    """By the test, and by a training that is to start from them."""
    checkpoint = trained / f'iter_{STEPS}.pth'
    with pytest.raises(ValueError, match=WRONG):
        run('tools/test.py', ANOTHER, checkpoint, '--work-dir', tmp_path, *options)
    with pytest.raises(ValueError, match=WRONG):
        run('tools/train.py', ANOTHER, '--work-dir', tmp_path, *options, f'load_from={checkpoint}')


def test_test_refuses_a_dump_that_is_no_pickle(trained: Path) -> None:
    with pytest.raises(ValueError, match=r'--out must be a \.pkl or \.pickle file, got out\.txt'):
        run('tools/test.py', DEMO, trained / f'iter_{STEPS}.pth', '--out', 'out.txt')


def test_missing_config_and_learning_rate_scale(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r'config nothing.py does not exist; the configs are in configs/'):
        run('tools/train.py', 'nothing.py')
    with pytest.raises(ValueError, match=r'--auto-scale-lr needs auto_scale_lr = dict\(base_batch_size='):
        run('tools/train.py', DEMO, '--auto-scale-lr', '--work-dir', tmp_path)


@pytest.mark.usefixtures('laid_out_configs')
def test_print_config(tmp_path: Path) -> None:
    output = run(
        *('tools/misc/print_config.py', 'configs/siamese_mask_rcnn_s3.py'),
        *('--save-path', tmp_path / 'config.py', '--cfg-options', 'randomness.seed=7'),
    )
    assert 'randomness = dict(seed=7)' in output
    assert "type='SiameseTwoStageDetector'" in (tmp_path / 'config.py').read_text()
    with pytest.raises(ValueError, match=r'--save-path must end in \.py, \.json, \.yml'):
        run('tools/misc/print_config.py', DEMO, '--save-path', tmp_path / 'config.txt')


def test_get_flops_prints_a_table_by_part() -> None:
    output = run('tools/analysis_tools/get_flops.py', DEMO, '--shape', '96', '96', '--ref-shape', '64', '64')
    for part in ('backbone, image', 'match neck', 'RPN head', 'sum'):
        assert part in output


def as_jpeg_folder(scenes: Path, folder: Path) -> Path:
    """Make a folder as a label tool exports it: one annotation file and JPEGs."""
    shutil.copytree(scenes / 'test' / 'images', folder / 'images')
    for path in list((folder / 'images').iterdir()):
        cv2.imwrite(str(path.with_suffix('.jpg')), cv2.imread(str(path)))
    dataset = json.loads((scenes / 'test' / 'annotations.json').read_text())
    for image in dataset['images']:
        image['file_name'] = Path(image['file_name']).with_suffix('.jpg').name
    (folder / 'annotations.json').write_text(json.dumps(dataset))
    return folder


@pytest.mark.slow
def test_demo_on_a_folder_of_jpegs(scenes: Path, options: list[str], tmp_path: Path) -> None:
    folder = as_jpeg_folder(scenes, tmp_path / 'mine')
    work_dir = tmp_path / 'work'
    output = run_processes(
        *(sys.executable, 'tools/demo.py', '--data', folder, '--work-dir', work_dir),
        *(option for option in options if 'data_root' not in option and 'batch_size' not in option),
        'gallery.num_images=2',
        'train_dataloader.batch_size=2',
    )
    assert 'one-shot categories, random boxes' in output
    assert 'background categories' in (work_dir / 'table.txt').read_text()
    rows = json.loads((work_dir / 'table.json').read_text())
    assert set(rows['one-shot categories']) == {'box', 'mask'}
    assert len(rows) == 4
    assert cv2.imread(str(work_dir / 'gallery.png')) is not None
    assert list((work_dir / 'gallery').glob('*.jpg'))
