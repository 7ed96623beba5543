"""How to install an extra of mmosis, which is on no package index."""

from importlib.metadata import version


def install_hint(extra: str) -> str:
    """Say by which command an extra is installed, from a clone and from a wheel.

    Args:
        extra: Its name in ``setup.py``, or several with commas between.
    """
    wheel = f'mmosis-{version("mmosis")}-py3-none-any.whl'
    return f"pip install -e '.[{extra}]' in the clone of mmosis, or pip install '{wheel}[{extra}]'"
