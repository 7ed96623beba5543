"""A tool whose input is wrong tells one line and ends with status 2."""

import json
import runpy
import sys
from pathlib import Path

import pytest

from mmosis.utils.atomic import write_atomic
from mmosis.utils.config_file import read_config
from mmosis.utils.tool import LAUNCHER_PID, run_tool

# A tool of its own, since only what mmosis and the tool itself raise is about the input.
TOOL = 'def main():\n    {line}\n\nfrom mmosis.utils.tool import run_tool\nrun_tool(main)\n'


@pytest.fixture(autouse=True)
def _own_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(LAUNCHER_PID, raising=False)
    monkeypatch.setattr(sys, 'argv', ['tools/some/measure.py'])


def run(tmp_path: Path, line: str) -> None:
    (tmp_path / 'measure.py').write_text(TOOL.format(line=line))
    runpy.run_path(str(tmp_path / 'measure.py'), run_name='__main__')


@pytest.mark.parametrize(
    ('line', 'message'),
    [
        ("raise ValueError('seeds is 3, expected a list')", 'seeds is 3, expected a list'),
        ("raise TypeError('give a number')", 'give a number'),
        ("raise ImportError('onnx is not installed')", 'onnx is not installed'),
        ("raise FileNotFoundError('there are no weights a.pth')", 'there are no weights a.pth'),
        ("open('no/where.json')", 'no/where.json: No such file or directory'),
        ("raise OSError(28, 'No space left on device')", 'No space left on device'),
    ],
)
def test_wrong_input_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture, line: str, message: str) -> None:
    with pytest.raises(SystemExit) as end:
        run(tmp_path, line)
    assert end.value.code == 2
    assert capsys.readouterr() == ('', f'measure.py: error: {message}\n')


def test_what_the_package_raises_is_reported(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        run_tool(lambda: read_config('nothing.py'))
    assert 'measure.py: error: config nothing.py does not exist' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('line', 'error'),
    [
        ("int('three')", ValueError),  # nobody put this into words
        ('len(None)', TypeError),
        ('import nothing_of_this_name', ImportError),
        ("import json; json.loads('{')", json.JSONDecodeError),  # Python's own, deep inside
        ("raise ValueError(', '.join([1]))", TypeError),  # it fails before it says what it means to say
        ("raise RuntimeError('a bug')", RuntimeError),
        ("raise KeyError('a')", KeyError),
    ],
)
def test_a_bug_keeps_its_traceback(tmp_path: Path, line: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        run(tmp_path, line)


def test_a_bug_in_the_package_keeps_its_traceback() -> None:
    with pytest.raises(TypeError):
        run_tool(lambda: write_atomic(Path('a'), 3))


def test_what_goes_well_ends_well(tmp_path: Path) -> None:
    run(tmp_path, 'return')


def test_a_process_of_torchrun_leaves_the_line_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv(LAUNCHER_PID, '1')
    monkeypatch.setenv('TORCHELASTIC_ERROR_FILE', str(tmp_path / 'error.json'))
    with pytest.raises(SystemExit) as end:
        run(tmp_path, "open('no/where.json')")
    assert end.value.code == 2
    assert capsys.readouterr() == ('', '')
    record = json.loads((tmp_path / 'error.json').read_text())
    assert record['message']['message'] == 'ValueError: no/where.json: No such file or directory'


def test_a_process_of_torchrun_whose_peer_has_ended_is_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    line = "raise RuntimeError('[gloo/transport/tcp/pair.cc:561] Connection closed by peer [127.0.0.1]:13531.')"
    with pytest.raises(RuntimeError):  # of another launcher it may be all that is known
        run(tmp_path, line)
    monkeypatch.setenv(LAUNCHER_PID, '1')
    with pytest.raises(SystemExit) as end:
        run(tmp_path, line)
    assert end.value.code == 1
    assert capsys.readouterr() == ('', '')
