"""newest_valid_checkpoint: the checkpoint to go on from, also where the last one is corrupt."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from time import localtime, strftime

import pytest
import torch

from mmosis.engine import find_damage, newest_valid_checkpoint


def write(path: Path, second: int) -> Path:
    """Write a checkpoint as it was written in that second."""
    path.parent.mkdir(exist_ok=True)
    time = strftime('%Y%m%d_%H%M%S', localtime(second))
    torch.save(dict(meta=dict(iter=second, time=time), state_dict=dict(weight=torch.ones(1000))), path)
    os.utime(path, (second, second))
    return path


def damage(path: Path, change: Callable[[bytes], bytes]) -> None:
    """Change a file's content, not its times."""
    stat = path.stat()
    path.write_bytes(change(path.read_bytes()))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


@pytest.fixture
def work_dir(tmp_path: Path) -> Path:
    """Three checkpoints; the names do not sort as the numbers do."""
    for step in (8, 9, 10):
        write(tmp_path / f'iter_{step}.pth', step)
    (tmp_path / 'last_checkpoint').write_text(str(tmp_path / 'iter_10.pth'))
    write(tmp_path / 'best_mAP_iter_10.pth', 11)
    return tmp_path


# A value of the weights, which torch reads without a word.
FLIPPED = torch.ones(1000).numpy().tobytes()[:40]
DAMAGES = {
    'cut off': lambda data: data[: len(data) // 2],
    'one byte less': lambda data: data[:-1],
    'empty': lambda data: b'',
    'a wrong value': lambda data: data.replace(FLIPPED, b'\x01' + FLIPPED[1:], 1),
    'other data': lambda data: b'x' * len(data),
    'its pickle is gone': lambda data: data.replace(b'data.pkl', b'atad.pkl'),
}


@pytest.mark.parametrize('change', DAMAGES.values(), ids=DAMAGES)
def test_the_one_before_a_corrupt_one(work_dir: Path, change: Callable, mmengine_log: pytest.LogCaptureFixture) -> None:
    assert newest_valid_checkpoint(work_dir) == str(work_dir / 'iter_10.pth')
    assert mmengine_log.messages == []
    damage(work_dir / 'iter_10.pth', change)
    assert newest_valid_checkpoint(work_dir) == str(work_dir / 'iter_9.pth')
    (warning,) = mmengine_log.messages
    assert warning.startswith(f'corrupt checkpoint {work_dir}/iter_10.pth (')
    assert warning.endswith(f'): {work_dir}/iter_9.pth is used instead')


def test_what_is_wrong_is_said(work_dir: Path) -> None:
    path = work_dir / 'iter_10.pth'
    assert find_damage(path) is None
    damage(path, DAMAGES['a wrong value'])
    assert torch.load(path, weights_only=True)['state_dict']['weight'][0] != 1
    assert find_damage(path) == 'the checksum of iter_10/data/0 is wrong'
    damage(path, DAMAGES['empty'])
    assert find_damage(path) == 'File is not a zip file'


@pytest.mark.parametrize('pointer', [None, '', '/some', '/gone/iter_10.pth', '\0'])
def test_the_files_count_not_the_pointer(work_dir: Path, pointer: str | None) -> None:
    if pointer is None:
        (work_dir / 'last_checkpoint').unlink()
    else:
        (work_dir / 'last_checkpoint').write_text(pointer)
    assert newest_valid_checkpoint(work_dir) == str(work_dir / 'iter_10.pth')


def test_a_training_that_went_back_is_the_one(work_dir: Path) -> None:
    write(work_dir / 'iter_9.pth', 20)
    assert newest_valid_checkpoint(work_dir) == str(work_dir / 'iter_9.pth')


def test_of_one_moment_the_later_step(work_dir: Path) -> None:
    for step in (8, 9, 10):
        write(work_dir / f'iter_{step}.pth', 30)
    assert newest_valid_checkpoint(work_dir) == str(work_dir / 'iter_10.pth')


def test_the_pointer_leads_to_another_folder_and_to_names_of_the_users_own(tmp_path: Path) -> None:
    other = tmp_path / 'other'
    write(other / 'epoch_1.pth', 1)
    last = write(other / 'epoch_2.pth', 2)
    (tmp_path / 'last_checkpoint').write_text(str(last))
    assert newest_valid_checkpoint(tmp_path) == str(last)
    damage(last, DAMAGES['empty'])
    assert newest_valid_checkpoint(tmp_path) == str(other / 'epoch_1.pth')
    mine = write(other / 'mine.pth', 3)
    (tmp_path / 'last_checkpoint').write_text(str(mine))
    assert newest_valid_checkpoint(tmp_path) == str(mine)
    (other / 'last_checkpoint').write_text(str(mine))
    assert newest_valid_checkpoint(other) == str(mine)


# Times of the copies of iter_8, iter_9 and iter_10: with cp -a, git clone, rsync, cp -r.
@pytest.mark.parametrize('times', [(8, 9, 10), (50, 50, 50), (52, 51, 50), (51, 52, 50)])
def test_a_copy_goes_on_from_its_own(
    work_dir: Path, tmp_path_factory: pytest.TempPathFactory, times: tuple[int, ...]
) -> None:
    copy = shutil.copytree(work_dir, tmp_path_factory.mktemp('copy'), dirs_exist_ok=True)
    for step, time in zip((8, 9, 10), times, strict=True):
        os.utime(copy / f'iter_{step}.pth', (time, time))
    write(work_dir / 'iter_12.pth', 12)
    (work_dir / 'last_checkpoint').write_text(str(work_dir / 'iter_12.pth'))
    assert newest_valid_checkpoint(copy) == str(copy / 'iter_10.pth')
    damage(copy / 'iter_10.pth', DAMAGES['empty'])
    assert newest_valid_checkpoint(copy) == str(copy / 'iter_9.pth')


def test_a_copy_has_names_of_the_users_own_as_well(tmp_path: Path) -> None:
    mine = write(tmp_path / 'original/mine.pth', 1)
    (tmp_path / 'original/last_checkpoint').write_text(str(mine))
    shutil.copytree(mine.parent, tmp_path / 'copy')
    assert newest_valid_checkpoint(tmp_path / 'copy') == str(tmp_path / 'copy/mine.pth')


def test_a_copy_of_a_training_that_went_back(work_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    write(work_dir / 'iter_9.pth', 20)
    copy = shutil.copytree(work_dir, tmp_path_factory.mktemp('copy'), dirs_exist_ok=True)
    os.utime(copy / 'iter_10.pth', (30, 30))
    assert newest_valid_checkpoint(copy) == str(copy / 'iter_9.pth')


def test_without_a_time_of_its_own_the_files_counts(tmp_path: Path) -> None:
    """As in checkpoints that are corrupt, or of other programs."""
    for step, second in ((1, 20), (2, 10)):
        path = tmp_path / f'iter_{step}.pth'
        torch.save(dict(state_dict={}), path)
        os.utime(path, (second, second))
    assert newest_valid_checkpoint(tmp_path) == str(tmp_path / 'iter_1.pth')


def test_a_folder_beside_is_not_asked(tmp_path: Path) -> None:
    write(tmp_path / 'iter_1.pth', 1)
    (tmp_path / 'empty').mkdir()
    assert newest_valid_checkpoint(tmp_path / 'empty') is None


def test_none(tmp_path: Path, mmengine_log: pytest.LogCaptureFixture) -> None:
    assert newest_valid_checkpoint(tmp_path / 'nothing') is None
    assert mmengine_log.messages == []
    damage(write(tmp_path / 'iter_1.pth', 1), DAMAGES['cut off'])
    assert newest_valid_checkpoint(tmp_path) is None
    (warning,) = mmengine_log.messages
    assert warning.endswith(f'): there is no valid one in {tmp_path}')
