"""Overlays move along when the folder that names are relative to becomes a wider one; a kill in between loses none."""

from pathlib import Path

import pytest

from mmosis.search.folders.overlay_folder import set_aside, settle

FOLDERS = ['/photos/2023/spring', '/photos', '/']


@pytest.fixture
def overlays(tmp_path: Path) -> Path:
    """Laid out for the first folder; one has the name that another will have."""
    for name in ('a.jpg', '2023/spring/a.jpg'):
        path = tmp_path / 'overlays' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path / 'overlays'


def read(folder: Path) -> dict[str, str]:
    """What files say, by where they are; hidden folders too."""
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob('*') if path.is_file()}


MOVED = {
    'overlays/2023/spring/a.jpg': 'a.jpg',
    'overlays/2023/spring/2023/spring/a.jpg': '2023/spring/a.jpg',
}


def test_a_move(overlays: Path) -> None:
    set_aside(overlays, FOLDERS[:1])
    assert not overlays.exists()
    settle(overlays, FOLDERS[:2])
    assert read(overlays.parent) == MOVED
    set_aside(overlays, FOLDERS[:2])
    settle(overlays, FOLDERS)
    assert read(overlays.parent) == {name.replace('/', '/photos/', 1): text for name, text in MOVED.items()}


def test_a_kill_before_the_journal_tells_of_the_wider_folder(overlays: Path) -> None:
    before = read(overlays.parent)
    set_aside(overlays, FOLDERS[:1])
    settle(overlays, FOLDERS[:1])
    assert read(overlays.parent) == before


def test_a_kill_after_it(overlays: Path) -> None:
    set_aside(overlays, FOLDERS[:1])
    for _ in range(2):
        settle(overlays, FOLDERS[:2])
        assert read(overlays.parent) == MOVED


def test_nothing_to_move(tmp_path: Path) -> None:
    set_aside(tmp_path / 'overlays', FOLDERS[:1])
    settle(tmp_path / 'overlays', FOLDERS[:2])
    settle(tmp_path / 'overlays', [])
    assert read(tmp_path) == {}
