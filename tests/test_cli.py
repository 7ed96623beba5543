"""The command ``mmosis``: what is written, and what is reported when it fails."""

import json
import math
import re
import shutil
import signal
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from moving_squares import SIZE, write_video
from search_model import CONFIG, write_weights

from mmosis import cli
from mmosis.cli import main
from mmosis.search import OneShotInferencer, ReferenceBank
from mmosis.search.base import SearchBase
from mmosis.search.folders import folder_search
from mmosis.search.folders.search_journal import SearchJournal
from mmosis.search.view_search import Searched
from mmosis.structures import FoundObjects
from mmosis.utils.errors import DamagedError
from projects.scenes.synthetic import SceneConfig, make_scene

BOX = '20,30,90,100'
TILES = 'searched in 4 tiles of 128 pixels'


@pytest.fixture(scope='module')
def model(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Options of a model with random weights."""
    weights = write_weights(tmp_path_factory.mktemp('cli') / 'weights.pth')
    return ['--model', str(CONFIG), '--weights', weights, '--device', 'cpu']


@pytest.fixture(scope='module')
def _scene() -> np.ndarray:
    return np.ascontiguousarray(make_scene(0, 0, SceneConfig()).image[..., ::-1])


@pytest.fixture
def photo(tmp_path: Path, _scene: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> str:
    """An image in the working folder."""
    monkeypatch.chdir(tmp_path)
    cv2.imwrite('photo.png', _scene)
    return 'photo.png'


@pytest.fixture
def search(model: list[str], photo: str) -> Callable[..., int]:
    """Run ``mmosis search``, with overlays left out to save time."""

    def run(*args: str, images: str = photo, out: str = 'out') -> int:
        return main(['search', *images.split(), '--out', out, '--score-thr', '0.4', '--no-overlays', *args, *model])

    return run


def annotations(out: str = 'out') -> dict:
    return json.loads(Path(out, 'annotations.json').read_text())


class TestSearch:
    def test_all_options(self, photo: str, model: list[str], capsys: pytest.CaptureFixture) -> None:
        options = ['--score-thr', '0.3', '--keep-all', '--polygons', '--image-scale', '128']
        references = ['--reference', photo, '--box', BOX, '--name', 'mug', '--negative', photo, '--name', 'no']
        assert main(['search', photo, '--out', 'out', *references, *options, *model]) == 0
        found = annotations()
        assert [category['name'] for category in found['categories']] == ['mug']
        assert isinstance(found['annotations'][0]['segmentation'], list)
        assert f'{len(found["annotations"])} objects in 1 images: out/annotations.json' in capsys.readouterr().out
        assert Path('out/overlays/photo.png.jpg').is_file()
        settings = json.loads(Path('out/journal.jsonl').read_text().splitlines()[0])
        expected = dict(score_thr=0.3, keep_all=True, polygons=True, overlays=True, tile=None, overlap=0.25)
        assert settings.items() >= dict(expected, precision='fp32').items()
        assert (settings['classes'], settings['sides']) == (['mug'], [128, 128])

    def test_a_bank_gives_the_same(self, search: Callable, photo: str) -> None:
        assert search('--reference', photo, '--box', BOX, '--name', 'mug', '--save-bank', 'banks/mug', out='one') == 0
        assert search('--bank', 'banks/mug', out='two') == 0
        assert annotations('one')['annotations']
        assert Path('one/annotations.json').read_bytes() == Path('two/annotations.json').read_bytes()

    def test_a_box_on_the_one_image_of_a_folder(self, search: Callable, photo: str) -> None:
        assert search('--reference', photo, '--box', BOX, out='one') == 0
        Path('folder').mkdir()
        shutil.copy(photo, 'folder')
        assert search('--box', BOX, images='folder', out='two') == 0
        assert Path('one/annotations.json').read_bytes() == Path('two/annotations.json').read_bytes()

    def test_a_box_on_one_of_several_images(self, search: Callable, photo: str, capsys: pytest.CaptureFixture) -> None:
        Path('folder').mkdir()
        for name in ('a.png', 'b.png'):
            shutil.copy(photo, Path('folder', name))
        assert search('--box', BOX, images='folder') == 2
        assert 'must be a single image then, got 2' in capsys.readouterr().err

    @pytest.mark.parametrize('depth', [np.uint8, np.uint16])
    @pytest.mark.parametrize('channels', [1, 3])
    def test_a_mask(
        self, photo: str, model: list[str], monkeypatch: pytest.MonkeyPatch, depth: type, channels: int
    ) -> None:
        """Labels are small numbers, in files of 16 bits as well."""
        mask = np.zeros((192, 192, channels), depth)
        mask[30:100, 20:90, 0] = 3
        cv2.imwrite('mask.png', mask)
        given = []

        def encode(_: OneShotInferencer, references: list[dict], **__: object) -> None:
            given.extend(references)
            raise ValueError('enough')

        monkeypatch.setattr(OneShotInferencer, 'encode', encode)
        assert main(['search', photo, '--out', 'out', '--reference', photo, '--mask', 'mask.png', *model]) == 2
        (reference,) = given
        np.testing.assert_array_equal(reference.pop('mask') > 0, mask[..., 0] > 0)
        assert reference == dict(img=photo, negative=False)

    def test_a_mask_is_searched_with(self, search: Callable, photo: str) -> None:
        mask = np.zeros((192, 192), np.uint8)
        mask[30:100, 20:90] = np.tri(70, dtype=np.uint8)
        cv2.imwrite('mask.png', mask)
        assert search('--reference', photo, '--box', BOX, out='box') == 0
        assert search('--reference', photo, '--box', BOX, '--mask', 'mask.png', out='mask') == 0
        assert Path('box/annotations.json').read_bytes() != Path('mask/annotations.json').read_bytes()

    def test_an_image_that_cannot_be_searched(
        self, search: Callable, photo: str, capsys: pytest.CaptureFixture
    ) -> None:
        Path('folder').mkdir()
        shutil.copy(photo, 'folder')
        Path('folder/text.jpg').write_text('no image')
        assert search('--reference', photo, images='folder') == 1
        err = capsys.readouterr().err
        assert 'not searched: text.jpg: ' in err
        assert 'text.jpg is not a readable image' in err
        shutil.copy(photo, 'folder/text.jpg')
        assert search('--reference', photo, '--resume', images='folder') == 0
        assert len(annotations()['images']) == 2

    def test_nothing_is_found(self, search: Callable, photo: str, capsys: pytest.CaptureFixture) -> None:
        """How near it came is reported, also of what was searched before a stop."""
        # Another image: what is boxed on the searched one would be found.
        assert cv2.imwrite('other.png', cv2.imread(photo) // 2 * 2)
        other = ('--reference', 'other.png', '--box', BOX)
        assert search(*other, '--keep-all') == 0
        best = max(annotation['score'] for annotation in annotations()['annotations'])
        capsys.readouterr()
        for words in (('--tile', '128'), (), ('--resume',)):
            out = 'tiles' if '--tile' in words else 'whole'
            assert search(*other, '--score-thr', '1', *words, out=out) == 0
            *_, found, hint = [line for line in capsys.readouterr().out.splitlines() if line != TILES]
            assert found == f'0 objects in 1 images: {out}/annotations.json'
            reported = float(re.fullmatch(r'the best score was (0\.\d+), and 1 is asked for: try .*', hint)[1])
            assert reported == pytest.approx(best, abs=0.0006) if out == 'whole' else 0.3 < reported < 1
            assert f'try --score-thr {math.floor(100 * reported) / 100:g}, another reference' in hint

    def test_what_is_boxed_on_the_image_is_found_whatever_the_network_says(self, search: Callable, photo: str) -> None:
        """Also of several images, and in tiles."""
        cv2.imwrite('other.png', cv2.imread(photo)[:, ::-1])
        for out, words in (('whole', ()), ('tiles', ('--tile', '128'))):
            references = ('--reference', photo, '--box', BOX, '--score-thr', '1', *words)
            assert search(*references, images=f'other.png {photo}', out=out) == 0
            found = annotations(out)
            (image_id,) = [image['id'] for image in found['images'] if image['file_name'].endswith(photo)]
            (annotation,) = found['annotations']
            assert (annotation['image_id'], annotation['score']) == (image_id, 1)
            assert annotation['segmentation']['size'] == [192, 192]

    def test_how_it_was_searched_is_reported(self, search: Callable, photo: str, capsys: pytest.CaptureFixture) -> None:
        assert search('--reference', photo, '--box', BOX, '--tile', '128') == 0
        assert TILES in capsys.readouterr().out.splitlines()
        assert search('--reference', photo, '--box', BOX, '--image-scale', '128', out='scaled') == 0
        assert 'searched at 128 pixels' in capsys.readouterr().out.splitlines()

    def test_something_is_found(self, search: Callable, photo: str, capsys: pytest.CaptureFixture) -> None:
        assert search('--reference', photo, '--box', BOX) == 0
        assert 'best score' not in capsys.readouterr().out

    def test_resume_is_asked_for(self, search: Callable, photo: str, capsys: pytest.CaptureFixture) -> None:
        assert search('--reference', photo) == 0
        assert search('--reference', photo) == 2
        assert 'mmosis: error: out has results of an earlier search (1 images); resume it' in capsys.readouterr().err
        assert search('--reference', photo, '--resume') == 0


class TestErrors:
    @pytest.mark.parametrize(
        ('args', 'message'),
        [
            (('--reference', 'none.png'), 'there is no image file none.png'),
            (('--reference', 'photo.png', '--mask', 'none.png'), 'there is no image file none.png'),
            (('--reference', 'photo.png', '--box', '5,5,1,1'), 'a box must be x1, y1, x2, y2 in pixels with x1 < x2'),
            (('--reference', 'photo.png', '--box', '0,0,1000,9'), "reference 'object', photo.png at 0, 0, 1000, 9: a"),
            (('--box', '-20,-20,60,60'), 'inside the 192x192 (h x w) image, got [-20.0, -20.0, 60.0, 60.0]'),
            (('--box', '0.1,0.2,0.5,0.6'), 'boxes are in pixels, got (0.1, 0.2, 0.5, 0.6); multiply fractions'),
            (('--reference', 'photo.png', '--name', ' '), "a reference's name must be a word or more"),
            (('--negative', 'photo.png'), 'all references are negative'),
            (('--name', 'mug'), 'a reference on the searched image must have a bbox or a mask'),
            (('--bank', 'none'), 'there is no reference bank none'),
            (('--bank', 'photo.png'), 'photo.png is no reference bank of mmosis, or a broken one'),
            (('--reference', 'photo.png', '--score-thr', '2'), 'the score threshold must be in 0-1, got 2.0'),
            (('--reference', 'photo.png', '--score-thr', '50'), 'threshold must be in 0-1, got 50.0; 50 % is 0.5'),
            (('--reference', 'photo.png', '--tile', '0'), 'a tile must have at least 32 px a side, got 0'),
            (
                ('--reference', 'photo.png', '--out', 'photo.png'),
                'photo.png is a file; results are written to a',
            ),
            (('--reference', 'photo.png', '--out', 'photo.png/a.parquet'), 'photo.png is a file; results are written'),
            (('--reference', 'photo.png', '--save-bank', 'photo.png/bank'), 'cannot write photo.png/bank: '),
        ],
    )
    def test_in_one_line(self, search: Callable, args: tuple, message: str, capsys: pytest.CaptureFixture) -> None:
        assert search(*args) == 2
        (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith('mmosis: ')]
        assert line.startswith('mmosis: error: ')
        assert message in line
        assert not Path('out').exists()

    @pytest.mark.parametrize(
        ('args', 'message'),
        [
            (('--weights', 'none.pth'), 'none.pth'),
            (('--weights', 'photo.png'), 'photo.png cannot be loaded'),
            (('--device', 'toaster'), 'the model does not run on device toaster: '),
            (('--image-scale', '3'), 'image_scale must be at least 32 pixels, got 3'),
            (
                ('--model', 'none'),
                'there is no config file or folder none, and no model of that name comes with',
            ),
            (('--model', 'siamese_mask_rcnn_pockett'), 'did you mean siamese_mask_rcnn_pocket? It has siamese_mask'),
        ],
    )
    def test_of_the_model(
        self, photo: str, model: list[str], args: tuple, message: str, capsys: pytest.CaptureFixture
    ) -> None:
        assert main(['search', photo, '--out', 'out', '--reference', photo, *model, *args]) == 2
        (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith('mmosis: error: ')]
        assert message in line

    @pytest.mark.parametrize(
        ('error', 'code', 'line'),
        [
            (ValueError('a'), 2, 'mmosis: error: a'),
            (TypeError('a'), 2, 'mmosis: error: a'),
            (ImportError('a'), 2, 'mmosis: error: a'),
            (FileNotFoundError('there is no a'), 2, 'mmosis: error: there is no a'),
            (OSError(28, 'cannot write a: disk full'), 2, 'mmosis: error: cannot write a: disk full'),
            (PermissionError(13, 'Permission denied', 'a'), 2, 'mmosis: error: a: Permission denied'),
            (KeyboardInterrupt(), 130, 'mmosis: stopped; --resume goes on'),
            (DamagedError('a is damaged'), 1, 'mmosis: error: a is damaged'),
            (ConnectionError('there is no Ray cluster at a'), 1, 'mmosis: error: there is no Ray cluster at a'),
            (ChildProcessError('the workers cannot go on: a'), 1, 'mmosis: error: the workers cannot go on: a'),
        ],
    )
    def test_codes(
        self,
        error: BaseException,
        code: int,
        line: str,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture,
    ) -> None:
        def fail(_: object) -> None:
            raise error

        monkeypatch.setattr(cli, 'run_search', fail)
        assert main(['search', 'a', '--out', 'b', '--bank', 'c']) == code
        captured = capsys.readouterr()
        assert captured.err == line + '\n'
        assert captured.out == ''

    def test_a_defect_is_not_hidden(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(cli, 'run_search', lambda _: {}['key'])
        with pytest.raises(KeyError, match='key'):
            main(['search', 'a', '--out', 'b', '--bank', 'c'])


@pytest.mark.parametrize(
    ('args', 'address', 'others'),
    [
        ((), ('127.0.0.1', 7860, 20, []), dict(token=None, banks=None, label_tools=False, label_studio=None)),
        (
            ('--host', '0.0.0.0', '--port', '80', '--allowed-host', 'a.example', '--allowed-host', 'b.example',
             '--max-upload-mb', '5', '--token', 'secret', '--banks', 'banks', '--api'),
            ('0.0.0.0', 80, 5, ['a.example', 'b.example']),
            dict(token='secret', banks='banks', label_tools=True, label_studio=None),
        ),
        (
            ('--label-studio', 'http://localhost:8080'),
            ('127.0.0.1', 7860, 20, []),
            dict(token=None, banks=None, label_tools=True, label_studio='http://localhost:8080'),
        ),
    ],
)  # fmt: skip
def test_serve(model: list[str], args: tuple, address: tuple, others: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    served = []
    serve = lambda *given, **named: served.append((given, named))  # noqa: E731
    monkeypatch.setitem(sys.modules, 'mmosis.web', SimpleNamespace(serve=serve))
    assert main(['serve', *args, *model]) == 0
    (((inferencer, *given), named),) = served
    assert isinstance(inferencer, OneShotInferencer)
    assert tuple(given) == address
    assert named == others


def test_serve_takes_the_token_of_the_environment(model: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    served = []
    monkeypatch.setenv('MMOSIS_TOKEN', 'secret')
    monkeypatch.setitem(sys.modules, 'mmosis.web', SimpleNamespace(serve=lambda *_, **named: served.append(named)))
    assert main(['serve', *model]) == 0
    assert served[0]['token'] == 'secret'


class TestManyImages:
    @pytest.fixture
    def folder(self, photo: str) -> Path:
        Path('folder').mkdir()
        for name in 'abc':
            shutil.copy(photo, Path('folder', f'{name}.png'))
        return Path('folder')

    @pytest.fixture
    def quick(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nothing is found, at once."""
        nothing = FoundObjects(
            bboxes=np.zeros((0, 4), np.float32), scores=np.zeros(0, np.float32), labels=np.zeros(0, int)
        )
        monkeypatch.setattr(SearchBase, 'search_image', lambda *_: Searched(nothing, ()))

    def test_a_bad_path_among_others(self, search: Callable, folder: Path, quick: None, capsys) -> None:
        assert search('--reference', 'folder/a.png', images='none.png folder') == 1
        output = capsys.readouterr()
        assert '0 objects in 3 images: out/annotations.json' in output.out
        assert output.err == 'not searched: none.png: there is no image or folder none.png\n'
        assert search('--reference', 'folder/a.png', images='no.png none.png', out='other') == 2
        assert capsys.readouterr().err == 'mmosis: error: there is no image or folder no.png\n'
        assert not Path('other').exists()

    def test_what_a_folder_has_beside_images_is_reported(
        self, search: Callable, folder: Path, quick: None, capsys
    ) -> None:
        for name in ('a.heic', 'b.HEIC', 'c.mp4', '._a.png', '.hidden.png'):
            (folder / name).touch()
        assert search('--reference', 'folder/a.png', images='folder') == 0
        output = capsys.readouterr()
        assert 'in the folders, but not searched: 2 .heic, 1 .mp4\n' in output.out
        assert output.err == ''

    def test_what_was_kept_and_added_is_reported(self, search: Callable, folder: Path, quick: None, capsys) -> None:
        assert search('--reference', 'folder/a.png', images='folder/a.png folder/b.png') == 0
        assert search('--resume', '--reference', 'folder/a.png', images='folder/c.png') == 0
        output = capsys.readouterr().out
        assert (
            '0 objects in 3 images: out/annotations.json\n2 images of the earlier search are kept, 1 were added'
            in output
        )
        assert search('--resume', '--reference', 'folder/a.png', images='folder') == 0
        assert 'earlier search' not in capsys.readouterr().out

    def test_a_box_on_the_first_frame_of_a_video(self, search: Callable, quick: None, capsys) -> None:
        write_video(Path('clip.mp4'))
        box = ('--box', '5,10,25,30', '--name', 'square', '--save-bank', 'square.safetensors')
        assert search(*box, '--every', '10', images='clip.mp4') == 0
        assert '0 objects in 4 images: out/annotations.json' in capsys.readouterr().out
        entry = ReferenceBank.load('square.safetensors').entries[0]
        assert (entry.bbox, entry.picture_size) == ((5, 10, 25, 30), SIZE[::-1])
        assert search(*box, '--every', '0', images='clip.mp4', out='none') == 2
        assert 'every must be a whole number of frames, at least 1, got 0' in capsys.readouterr().err

    def test_paths_on_the_standard_input(
        self, search: Callable, folder: Path, quick: None, capsys, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, 'stdin', SimpleNamespace(buffer=BytesIO(b'folder/a.png\0folder/c.png\0')))
        assert search('--reference', 'folder/a.png', images='-') == 0
        assert '0 objects in 2 images: out/annotations.json' in capsys.readouterr().out

    def test_subfolders_are_told(self, search: Callable, folder: Path, quick: None, capsys) -> None:
        (folder / 'deeper').mkdir()
        shutil.copy(folder / 'a.png', folder / 'deeper')
        assert search('--reference', 'folder/a.png', images='folder') == 0
        assert 'searched in 2 folders, subfolders included\n' in capsys.readouterr().out

    def test_max_pixels(self, search: Callable, folder: Path, quick: None, capsys) -> None:
        """Of images, references and masks; the image has 192x192."""
        cv2.imwrite('small.png', np.zeros((60, 60, 3), np.uint8))
        limit = ('--max-pixels', '3600')
        assert search('--reference', 'small.png', *limit, images='small.png folder/a.png') == 1
        assert 'not searched: folder/a.png: ' in capsys.readouterr().err
        large = 'folder/a.png has 192x192 pixels (w x h), more than 3600; make it smaller, or raise the limit: --max'
        for reference in (('folder/a.png',), ('small.png', '--mask', 'folder/a.png')):
            assert search('--reference', *reference, *limit, images='small.png', out='two') == 2
            assert f'mmosis: error: {large}' in capsys.readouterr().err
        assert search('--reference', 'small.png', '--max-pixels', '0', images='small.png') == 2
        assert 'mmosis: error: max_pixels must be at least 1, got 0' in capsys.readouterr().err

    def test_another_search_writes_there(self, search: Callable, folder: Path, quick: None, capsys) -> None:
        with SearchJournal('out/journal.jsonl', {}, resume=False):
            assert search('--reference', 'folder/a.png', images='folder') == 2
        output = 'mmosis: error: another search writes to out; wait for it, or take another folder\n'
        assert capsys.readouterr().err == output


class TestSignals:
    """Whatever ends the command, what was found until then is written, and the exit status says what it was."""

    @pytest.mark.parametrize(('number', 'status'), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)])
    def test_a_search(
        self, search: Callable, photo: str, number: int, status: int, monkeypatch: pytest.MonkeyPatch, capsys
    ) -> None:
        """A second signal while it is written does not tear it."""

        def search_image(*args: object) -> Searched:
            calls.append(args)
            if len(calls) == 3:
                signal.raise_signal(number)
            return found(*args)

        def write_late(*args: object) -> None:
            signal.raise_signal(number)
            write(*args)

        found, write, calls = SearchBase.search_image, folder_search._write, []
        monkeypatch.setattr(SearchBase, 'search_image', search_image)
        monkeypatch.setattr(folder_search, '_write', write_late)
        Path('folder').mkdir()
        for name in 'abcd':
            shutil.copy(photo, Path('folder', f'{name}.png'))
        before = signal.getsignal(number)
        assert search('--reference', photo, '--box', BOX, images='folder') == status
        assert capsys.readouterr().err == 'mmosis: stopped; --resume goes on\n'
        assert [image['file_name'] for image in annotations()['images']] == ['a.png', 'b.png']
        assert annotations()['annotations']
        assert signal.getsignal(number) is before
        monkeypatch.setattr(SearchBase, 'search_image', found)
        monkeypatch.setattr(folder_search, '_write', write)
        assert search('--reference', photo, '--box', BOX, '--resume', images='folder') == 0
        assert len(annotations()['images']) == 4

    def test_python_keeps_its_own(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The library changes no handler; the page has its own."""
        seen = []
        monkeypatch.setattr(cli, 'run_serve', lambda _: seen.append(signal.getsignal(signal.SIGTERM)) or 0)
        assert main(['serve']) == 0
        assert seen == [signal.getsignal(signal.SIGTERM)]
