"""``mmosis index``, and ``mmosis search --index``: what is written and printed."""

import errno
import json
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from search_model import CONFIG

from mmosis.cli import main, parse_args
from mmosis.search import PhotoIndex
from mmosis.search.base import SearchBase
from mmosis.search.index import photo_index
from mmosis.utils.install import install_hint


@pytest.fixture
def photos(tmp_path: Path, scene: object, monkeypatch: pytest.MonkeyPatch) -> str:
    """A folder with four parts of a scene in the working folder."""
    monkeypatch.chdir(tmp_path)
    Path('photos').mkdir()
    for number, name in enumerate(('a', 'b', 'c', 'd')):
        part = scene.image[10 * number : 10 * number + 90, 20 * number : 20 * number + 120]
        cv2.imwrite(f'photos/{name}.png', np.ascontiguousarray(part))
    return 'photos'


@pytest.fixture
def command(weights: str, photos: str) -> Callable[..., int]:
    """Run ``mmosis`` with a model of random weights."""
    return lambda *args: main([*args, '--model', str(CONFIG), '--weights', weights, '--device', 'cpu'])


SEARCH = ('--reference', 'photos/b.png', '--score-thr', '0.4', '--no-overlays')


class TestIndex:
    def test_what_is_reported(self, command: Callable, capsys: pytest.CaptureFixture) -> None:
        assert command('index', 'photos', '--out', 'lib') == 0
        assert '4 images in lib: 4 encoded, 0 as they were, 0 dropped; 0.' in capsys.readouterr().out
        Path('photos/a.png').unlink()
        shutil.copy('photos/b.png', 'photos/e.png')
        Path('photos/text.jpg').write_text('no image')
        assert command('index', 'photos', '--out', 'lib') == 1
        message = capsys.readouterr()
        assert '4 images in lib: 1 encoded, 3 as they were, 1 dropped; ' in message.out
        assert 'photos/text.jpg is not a readable image' in message.err
        assert message.err.startswith('not indexed: ')

    def test_a_stop(self, command: Callable, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
        def stop(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(PhotoIndex, 'build', stop)
        assert command('index', 'photos', '--out', 'lib') == 130
        assert 'mmosis: stopped; the same command goes on' in capsys.readouterr().err

    def test_sigterm(self, command: Callable, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
        """What was encoded until then is kept, and the same command goes on."""

        def embed(self: object, image: np.ndarray) -> np.ndarray:
            calls.append(image)
            if len(calls) == 4:
                signal.raise_signal(signal.SIGTERM)
            return before(self, image)

        calls, before = [], SearchBase.embed_regions
        monkeypatch.setattr(photo_index, 'BATCH', 1)
        monkeypatch.setattr(SearchBase, 'embed_regions', embed)
        assert command('index', 'photos', '--out', 'lib') == 143
        assert capsys.readouterr().err == 'mmosis: stopped; the same command goes on\n'
        monkeypatch.setattr(SearchBase, 'embed_regions', before)
        assert command('index', 'photos', '--out', 'lib') == 0
        assert '2 encoded, 2 as they were' in capsys.readouterr().out

    def test_what_is_not_searched_is_reported(self, command: Callable, capsys: pytest.CaptureFixture) -> None:
        Path('photos/a.heic').touch()
        Path('photos/deeper').mkdir()
        assert command('index', 'photos', 'none', '--out', 'lib', '--max-pixels', str(120 * 90)) == 1
        message = capsys.readouterr()
        assert 'in the folders, but not indexed: 1 .heic\n' in message.out
        assert message.err == 'not indexed: none: there is no image or folder none\n'

    def test_lancedb_is_missing(
        self, command: Callable, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
    ) -> None:
        monkeypatch.setattr(photo_index, 'find_spec', lambda _: None)
        for words in (('index', 'photos', '--out', 'lib'), ('search', '--index', 'lib', *SEARCH, '--out', 'out')):
            assert command(*words) == 2
            assert (
                f'mmosis: error: an index is kept by lancedb, which is not installed: {install_hint("index")}'
                in capsys.readouterr().err
            )


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


class TestDamagedIndexes:
    """One line each that says what to do, exit status 1; images and what was found before stay as they are."""

    @pytest.mark.parametrize(
        ('files', 'damage'),
        [
            ('pictures.lance/data/*', Path.unlink),
            ('pictures.lance/data/*', Path.write_text),
            ('pictures.lance/data/*', cut_off),
            ('pictures.lance/data', shutil.rmtree),
            ('pictures.lance/_versions/*', Path.unlink),
            ('pictures.lance/_versions/*', cut_off),
            ('pictures.lance/_versions', shutil.rmtree),
        ],
    )
    def test_files_are_missing_or_broken(
        self, files: str, damage: Callable, command: Callable, capfd: pytest.CaptureFixture
    ) -> None:
        assert command('index', 'photos', '--out', 'lib') == 0
        found = list(Path('lib').glob(files))
        assert found
        for path in found:
            damage(path, '') if damage is Path.write_text else damage(path)
        capfd.readouterr()
        for words in (('search', '--index', 'lib', *SEARCH, '--out', 'out'), ('index', 'photos', '--out', 'lib')):
            assert command(*words) == 1
            (line,) = [line for line in capfd.readouterr().err.splitlines() if 'warn' not in line.lower()]
            assert line.startswith('mmosis: error: index lib is damaged (')
            assert line.endswith('else delete it and make it anew: mmosis index PHOTOS --out lib')
        assert not Path('out').exists()

    @pytest.mark.parametrize('number', [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EACCES, errno.EROFS])
    def test_a_full_disk_or_no_permission_is_no_damage(
        self, number: int, command: Callable, monkeypatch, capsys: pytest.CaptureFixture
    ) -> None:
        def fail(*_: object) -> None:
            raise RuntimeError(f'lance error: LanceError(IO): {os.strerror(number)} (os error {number}), /rustc/')

        assert command('index', 'photos', '--out', 'lib') == 0
        monkeypatch.setattr('lancedb.table.LanceTable.delete', fail)
        Path('photos/a.png').unlink()
        assert command('index', 'photos', '--out', 'lib') == 2
        message = f'mmosis: error: cannot use lib: {os.strerror(number)}; mmosis index goes on\n'
        assert message in capsys.readouterr().err


class TestSearch:
    def test_the_same_as_a_plain_search_of_the_images(self, command: Callable, capsys: pytest.CaptureFixture) -> None:
        assert command('index', 'photos', '--out', 'lib') == 0
        assert command('search', '--index', 'lib', '--top', '2', *SEARCH, '--out', 'two') == 0
        assert '2 of the 4 images in lib were skipped' in capsys.readouterr().out
        names = [image['file_name'] for image in json.loads(Path('two/annotations.json').read_text())['images']]
        assert len(names) == 2
        assert command('search', *(f'photos/{name}' for name in names), *SEARCH, '--out', 'plain') == 0
        assert Path('two/annotations.json').read_bytes() == Path('plain/annotations.json').read_bytes()
        assert json.loads(Path('two/annotations.json').read_text())['annotations']

    def test_all_is_a_full_search(self, command: Callable, capsys: pytest.CaptureFixture) -> None:
        assert command('index', 'photos', '--out', 'lib') == 0
        assert command('search', '--index', 'lib', '--share', '1', *SEARCH, '--out', 'all') == 0
        assert '0 of the 4 images in lib were skipped' in capsys.readouterr().out
        assert command('search', 'photos', *SEARCH, '--out', 'plain') == 0
        assert Path('all/annotations.json').read_bytes() == Path('plain/annotations.json').read_bytes()

    def test_an_image_that_is_gone_is_reported(self, command: Callable, capsys: pytest.CaptureFixture) -> None:
        assert command('index', 'photos', '--out', 'lib') == 0
        Path('photos/c.png').unlink()
        assert command('search', '--index', 'lib', '--share', '1', *SEARCH, '--out', 'out') == 1
        assert (
            'photos/c.png: it is no longer there; mmosis index brings the index up to date' in capsys.readouterr().err
        )
        assert len(json.loads(Path('out/annotations.json').read_text())['images']) == 3

    def test_of_another_model(self, command: Callable, capsys: pytest.CaptureFixture) -> None:
        assert command('index', 'photos', '--out', 'lib', '--image-scale', '64') == 0
        assert command('search', '--index', 'lib', *SEARCH, '--out', 'out') == 2
        assert 'mmosis: error: index lib is of another model or of other settings' in capsys.readouterr().err
        assert not Path('out').exists()


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        ((), 'say where to search: either IMAGES, or --index'),
        (('photos', '--index', 'lib'), 'say where to search: either IMAGES, or --index'),
        (('photos', '--share', '0.1'), '--share and --top are of the images of an --index'),
        (('photos', '--top', '1'), '--share and --top are of the images of an --index'),
        (('--index', 'lib', '--top', '1', '--share', '1'), 'not allowed with argument'),
    ],
)
def test_what_is_not_clear(words: tuple, message: str, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit, match='2'):
        parse_args(['search', *words, '--out', 'out', '--bank', 'b'])
    assert message in capsys.readouterr().err
