"""What is said of extras can be typed as it stands."""

from pathlib import Path

import mmosis
from mmosis.utils.install import install_hint

ROOT = Path(mmosis.__file__).parents[1]


def test_clone_and_wheel() -> None:
    wheel = f'mmosis-{mmosis.__version__}-py3-none-any.whl'
    assert install_hint('light,web') == (
        f"pip install -e '.[light,web]' in the clone of mmosis, or pip install '{wheel}[light,web]'"
    )


def test_nothing_tells_to_install_from_an_index() -> None:
    """No package index has mmosis."""
    files = [
        path
        for folder in ('mmosis', 'benchmarks', 'projects', 'configs', 'docs', 'tools')
        for path in (ROOT / folder).rglob('*')
    ]
    texts = [path for path in files if path.suffix in ('.py', '.md', '.sh', '.yml') and path.is_file()]
    assert len(texts) > 100
    assert [str(path) for path in texts if 'mmosis[' in path.read_text()] == []
