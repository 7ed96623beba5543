"""Check the installed versions of what mmosis runs on. Reads package metadata only; imports none of the packages."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib import metadata
from itertools import chain

from packaging.requirements import Requirement

from mmosis.compat.requirements import BASE, FAMILIES, NUMPY_2, PYTHON

Versions = dict[str, str]  # distribution name -> version, of what is installed
FAMILY_LINES = {name: list(chain(*packages.values())) for name, packages in FAMILIES.items()}


def check_versions() -> None:
    """Check Python, torch, torchvision and the family of mmengine, mmcv and mmdet.

    Raises:
        ImportError: One sentence that says what was found and what to install.
    """
    problem = find_problem(installed_versions(), sys.version_info[:3], torchvision_needs())
    if problem:
        raise ImportError(f'mmosis cannot run here: {problem}')


def installed_versions() -> Versions:
    """Look up the distributions that matter to mmosis."""
    names = {'numpy', *map(_name, [*BASE, *NUMPY_2, *chain(*FAMILY_LINES.values())])}
    return {name: version for name in sorted(names) if (version := _version(name))}


def torchvision_needs() -> list[str]:
    """The requirements on torch that the installed torchvision was built for."""
    lines = metadata.requires('torchvision') or [] if _version('torchvision') else []
    return [str(Requirement(line)) for line in lines if _name(line) == 'torch']


def find_suppliers(installed: Versions) -> dict[str, str]:
    """Name the distribution that supplies each of mmengine, mmcv and mmdet.

    Args:
        installed: As from :func:`installed_versions`.

    Returns:
        Import name -> distribution name, for those that are installed.
    """
    return {
        package: _name(line)
        for family in FAMILIES.values()
        for package, lines in family.items()
        for line in lines
        if _name(line) in installed
    }


def find_problem(installed: Versions, python: tuple[int, ...], torch_lines: Iterable[str] = ()) -> str | None:
    """Describe what keeps mmosis from running; None if nothing does.

    Args:
        installed: As from :func:`installed_versions`.
        python: Version of the interpreter.
        torch_lines: As from :func:`torchvision_needs`.
    """
    return next(_problems(installed, python, torch_lines), None)


def _problems(installed: Versions, python: tuple[int, ...], torch_lines: Iterable[str]) -> Iterator[str]:
    if python < PYTHON:
        needed, found = ('.'.join(map(str, version)) for version in (PYTHON, python))
        yield f'it needs Python {needed} or later and found {found}: use a newer Python'
    for line in BASE:
        yield from _unmet([line], installed)
    for line in torch_lines:
        if not _meets(line, installed):
            yield f'torchvision was built for {line} and found {_found(["torch"], installed)}: {_pip([line])}'
    yield from _family_problems(installed)
    for line in NUMPY_2 if _meets('numpy>=2', installed) else ():
        if _name(line) in installed and not _meets(line, installed):
            yield (
                f'{_found([_name(line)], installed)} was built for numpy 1 and found '
                f'{_found(["numpy"], installed)}: {_pip([line])}'
            )


def _family_problems(installed: Versions) -> Iterator[str]:
    by_family = {family: [n for n in map(_name, lines) if n in installed] for family, lines in FAMILY_LINES.items()}
    found = list(chain(*by_family.values()))
    families = [family for family, names in by_family.items() if names] or ['onedl']
    packages = FAMILIES[families[0]].values()
    install = _pip(lines[0] for lines in packages)
    if not found:
        yield f'it needs mmengine, mmcv and mmdet and found none of them: {install}'
    elif len(families) > 1 or len(find_suppliers(installed)) < len(found):
        yield (
            f'{_found(found, installed)} are installed together and overwrite each other: '
            f'pip uninstall -y {" ".join(found)}, then {install}'
        )
    else:
        for lines in packages:
            yield from _unmet(lines, installed)


def _unmet(lines: Sequence[str], installed: Versions) -> Iterator[str]:
    """A problem unless one of the lines is met."""
    if not any(_meets(line, installed) for line in lines):
        found = _found(map(_name, lines), installed)
        yield f'it needs {" or ".join(lines)} and found {found}: {_pip(lines[:1])}'


def _meets(line: str, installed: Versions) -> bool:
    version = installed.get(_name(line))
    return version is not None and Requirement(line).specifier.contains(version, prereleases=True)


def _found(names: Iterable[str], installed: Versions) -> str:
    return ' and '.join(f'{name} {installed[name]}' for name in names if name in installed) or 'none'


def _pip(lines: Iterable[str]) -> str:
    return 'pip install ' + ' '.join(f"'{line}'" for line in lines)


def _name(line: str) -> str:
    return Requirement(line).name


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
