"""torchrun, whose report is for bugs, not for wrong input."""

from pathlib import Path

import pytest
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError, ProcessFailure

from mmosis.utils import torchrun
from mmosis.utils.tool import LAUNCHER_PID, run_tool


@pytest.fixture(autouse=True)
def _put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LAUNCHER_PID, '')


def fail(monkeypatch: pytest.MonkeyPatch, *failures: tuple[int, str]) -> None:
    """Have torchrun's processes end with these statuses and error files."""
    error = ChildFailedError(
        'tools/finetune.py', {rank: ProcessFailure(rank, 1, *failure) for rank, failure in enumerate(failures)}
    )

    def run(args: object) -> None:
        raise error

    monkeypatch.setattr('torch.distributed.run.run', run)


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The error file of a process whose input was wrong."""
    monkeypatch.setenv('TORCHELASTIC_ERROR_FILE', str(tmp_path / 'error.json'))

    def main() -> None:
        raise FileNotFoundError('no weights: a.pth')

    with pytest.raises(SystemExit):
        run_tool(main)
    return str(tmp_path / 'error.json')


@pytest.mark.parametrize('others', [[2], [1], [-15], []])
def test_wrong_input_is_reported_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, record: str, others: list[int]
) -> None:
    """Whether the other processes find it too, fail since this one has ended, or are ended."""
    fail(monkeypatch, *((status, record if status == 2 else '') for status in others), (2, record))
    with pytest.raises(SystemExit) as end:
        torchrun.main(['tools/finetune.py'])
    assert end.value.code == 2
    assert capsys.readouterr() == ('', 'finetune.py: error: no weights: a.pth\n')


def test_what_argparse_has_printed_is_not_reported_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    fail(monkeypatch, (2, ''), (2, ''))
    with pytest.raises(SystemExit) as end:
        torchrun.main(['tools/finetune.py'])
    assert end.value.code == 2
    assert capsys.readouterr() == ('', '')


def test_a_bug_is_reported_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    fail(monkeypatch, (1, ''), (-9, ''))
    with pytest.raises(ChildFailedError, match=r'Signal 9 \(SIGKILL\)'):
        torchrun.main(['tools/finetune.py'])
