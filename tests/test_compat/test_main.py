"""``python -m mmosis.compat TOOL``: any script, after ``prepare``."""

import sys
from pathlib import Path

import pytest

from mmosis.compat.__main__ import main

SCRIPT = """
import mmcv._ext
import sys
print(__name__, sys.argv)
"""


def test_runs_a_script_with_its_arguments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    script = tmp_path / 'tool.py'
    script.write_text(SCRIPT)
    monkeypatch.setattr(sys, 'argv', ['__main__.py', str(script), '--flag', 'value'])
    main()
    assert capsys.readouterr().out == f"__main__ ['{script}', '--flag', 'value']\n"


def test_without_a_script(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, 'argv', ['__main__.py'])
    with pytest.raises(SystemExit, match=r'usage: python -m mmosis\.compat TOOL \[arguments\]'):
        main()
