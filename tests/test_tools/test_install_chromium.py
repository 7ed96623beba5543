"""Chromium is brought where that is allowed; elsewhere it is said loudly, and the check goes on."""

import shutil
import subprocess
from pathlib import Path

import pytest
from tools_runner import ROOT

NEEDED = ('bash', 'cat', 'chmod', 'env', 'timeout')
WARNING = 'THE PAGE IS NOT TESTED'
APT = 'echo "$@" >>apt.log\n[ "$2" = update ] || { echo >bin/chromium; chmod +x bin/chromium; }'


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder whose ``bin`` holds all programs of a machine without Chromium, of an administrator."""
    (tmp_path / 'bin').mkdir()
    for name in NEEDED:
        (tmp_path / 'bin' / name).symlink_to(shutil.which(name))
    write(tmp_path, 'id', 'echo 0')
    return tmp_path


def write(machine: Path, name: str, script: str) -> None:
    """Put a program on the machine."""
    path = machine / 'bin' / name
    path.write_text(f'#!{shutil.which("bash")}\n{script}\n')
    path.chmod(0o755)


def install(machine: Path, limit: int = 60) -> tuple[str, str]:
    """Run the script; returns what it printed."""
    done = subprocess.run(
        [shutil.which('bash'), str(ROOT / 'tools/misc/install_chromium.sh')],
        cwd=machine,
        env=dict(PATH=str(machine / 'bin'), LIMIT=str(limit)),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout, done.stderr


@pytest.mark.parametrize('name', ['chromium', 'chromium-browser', 'google-chrome'])
def test_a_browser_that_is_there_is_taken(machine: Path, name: str) -> None:
    write(machine, name, '')
    write(machine, 'apt-get', APT)
    assert install(machine) == ('', '')
    assert not (machine / 'apt.log').exists()


def test_an_administrator_installs(machine: Path) -> None:
    write(machine, 'apt-get', APT)
    assert install(machine) == ('chromium: installed, to test the page\n', '')
    update, packages = (machine / 'apt.log').read_text().splitlines()
    assert update.endswith('update')
    assert {'-y', 'install', 'chromium'} <= set(packages.split())
    assert install(machine) == ('', '')


@pytest.mark.parametrize('manager', ['apt-get', 'dnf', 'apk'])
def test_others_install_by_sudo_that_asks_nothing(machine: Path, manager: str) -> None:
    write(machine, 'id', 'echo 1000')
    write(machine, manager, '[ "$SUDO" ] && echo >bin/chromium && chmod +x bin/chromium')
    write(machine, 'sudo', '[ "$1" = -n ] && shift && SUDO=yes "$@"')
    assert install(machine) == ('chromium: installed, to test the page\n', '')


@pytest.mark.parametrize(
    ('programs', 'reason'),
    [
        ({'id': 'echo 1000', 'apt-get': APT}, 'sudo'),
        ({'id': 'echo 1000', 'apt-get': APT, 'sudo': 'echo a password is required; exit 1'}, 'a password is required'),
        ({'apt-get': 'echo no network; exit 100'}, 'no network'),
        ({}, 'no apt-get, dnf or apk'),
    ],
)
def test_a_machine_without_gets_a_warning_and_passes(machine: Path, programs: dict[str, str], reason: str) -> None:
    for name, script in programs.items():
        write(machine, name, script)
    printed, warning = install(machine)
    assert WARNING in warning
    assert reason in warning
    assert printed == ''


def test_an_installation_ends_at_its_time_limit(machine: Path) -> None:
    write(machine, 'apt-get', 'while :; do :; done')
    assert WARNING in install(machine, limit=1)[1]
