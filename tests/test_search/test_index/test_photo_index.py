"""An index of images: what comes first, what an update does, and what a stop leaves."""

import os
import re
import shutil
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from fresh_process import run_fresh
from search_model import CONFIG, write_weights

from mmosis.search import OneShotInferencer, PhotoIndex, ReferenceBank
from mmosis.search.index import photo_index
from mmosis.search.index.photo_index import IndexReport
from mmosis.utils.install import install_hint
from mmosis.utils.lock import lock_file
from mmosis.utils.rng import generator

NAMES = [f'{letter}.png' for letter in "abcdef'"]  # a quote in a name must not end a text


@pytest.fixture
def photos(tmp_path: Path, scene: object) -> Path:
    """Noise, and a scene as the last but one."""
    folder = tmp_path / 'photos'
    folder.mkdir()
    for number, name in enumerate(NAMES):
        noise = generator(0, 'picture', number).integers(0, 256, (96, 128, 3), dtype='uint8')
        cv2.imwrite(str(folder / name), cv2.GaussianBlur(noise, (0, 0), 3))
    cv2.imwrite(str(folder / 'f.png'), scene.image)
    return folder


@pytest.fixture
def bank(inferencer: OneShotInferencer, scene: object) -> ReferenceBank:
    return inferencer.encode(dict(img=scene.image, bbox=(64, 64, 128, 128), name='mug'))


@pytest.fixture
def update(inferencer: OneShotInferencer, photos: Path, tmp_path: Path) -> Callable[[], IndexReport]:
    return lambda: PhotoIndex.build(inferencer, photos, tmp_path / 'lib')[1]


@pytest.fixture
def embedded(inferencer: OneShotInferencer, monkeypatch: pytest.MonkeyPatch) -> list:
    """Images that were embedded."""
    seen, embed = [], inferencer.embed_regions
    monkeypatch.setattr(inferencer, 'embed_regions', lambda image: (seen.append(image), embed(image))[1])
    return seen


def rows(path: Path) -> dict[str, list]:
    """All that an index keeps, by name."""
    table = PhotoIndex.open(path)._table.to_arrow().to_pylist()
    assert len({row['file'] for row in table}) == len(table)
    return {Path(row['file']).name: (row['size'], row['changed'], row['regions']) for row in table}


class TestRank:
    def test_by_the_best_region(
        self, inferencer: OneShotInferencer, photos: Path, bank: object, update, tmp_path
    ) -> None:
        update()
        index = PhotoIndex.open(tmp_path / 'lib')
        (vector,) = inferencer.embed_references(bank)
        scores = {name: (inferencer.embed_regions(cv2.imread(str(photos / name))) @ vector).max() for name in NAMES}
        order = [Path(file).name for file in index.rank(inferencer, bank)]
        assert order == sorted(NAMES, key=lambda name: -scores[name])
        assert [Path(file).name for file in index.rank(inferencer, bank, top=3)] == order[:3]

    def test_what_shows_it_comes_first(self, photos: Path, scene: object, tmp_path: Path) -> None:
        model = OneShotInferencer(device='cpu', show_progress=False)
        bank = model.encode(dict(img=scene.image, bbox=(20, 30, 90, 100)))
        index, _ = PhotoIndex.build(model, photos, tmp_path / 'lib')
        assert index.rank(model, bank)[0] == str(photos / 'f.png')

    def test_several_categories_take_turns(self, inferencer: OneShotInferencer, photos: Path, tmp_path: Path) -> None:
        index, _ = PhotoIndex.build(inferencer, photos, tmp_path / 'lib')
        references = [dict(img=cv2.imread(str(photos / name)), name=name) for name in ('a.png', 'f.png')]
        bank = inferencer.encode(references)
        one, two = index.rank_each(inferencer, bank)
        assert one != two
        expected = list(dict.fromkeys(file for pair in zip(one, two, strict=True) for file in sorted(pair)))
        assert index.rank(inferencer, bank) == expected

    def test_a_negative_category_has_no_part(self, inferencer: OneShotInferencer, photos: Path, bank, tmp_path) -> None:
        index, _ = PhotoIndex.build(inferencer, photos, tmp_path / 'lib')
        more = bank.add(inferencer.encode([dict(img=cv2.imread(str(photos / 'a.png')), name='x')]))
        negative = ReferenceBank(
            [bank.entries[0], type(bank.entries[0])('x', True, '')], more.thumbnails, more.encoded, more.fingerprint
        )
        assert index.rank(inferencer, negative) == index.rank(inferencer, bank)

    def test_choose(self, inferencer: OneShotInferencer, photos: Path, bank: object, tmp_path: Path) -> None:
        index, _ = PhotoIndex.build(inferencer, photos, tmp_path / 'lib')
        order = index.rank(inferencer, bank)
        assert index.choose(inferencer, bank) == order[:1]  # 5 % of seven, and one at least
        assert index.choose(inferencer, bank, share=0.5) == sorted(order[:4])
        assert index.choose(inferencer, bank, top=2) == sorted(order[:2])
        assert index.choose(inferencer, bank, top=99) == index.files == sorted(order)

    @pytest.mark.parametrize(
        ('asked', 'message'),
        [
            (dict(share=0), 'the share of images to search must be above 0 and at most 1, got 0'),
            (dict(share=1.5), 'the share of images to search must be above 0 and at most 1, got 1.5'),
            (dict(top=0), 'at least one image must be searched, got top 0'),
        ],
    )
    def test_what_cannot_be_chosen(
        self, inferencer, photos: Path, bank, tmp_path: Path, asked: dict, message: str
    ) -> None:
        index, _ = PhotoIndex.build(inferencer, photos, tmp_path / 'lib')
        with pytest.raises(ValueError, match=re.escape(message)):
            index.choose(inferencer, bank, **asked)

    def test_an_empty_index(self, inferencer: OneShotInferencer, tmp_path: Path, bank: ReferenceBank) -> None:
        (tmp_path / 'text.png').write_text('no image')
        index, report = PhotoIndex.build(inferencer, tmp_path / 'text.png', tmp_path / 'lib')
        assert list(report.errors) == [str(tmp_path / 'text.png')]
        assert index.rank(inferencer, bank) == []
        with pytest.raises(ValueError, match=r'index .*lib has no images'):
            index.choose(inferencer, bank)


class TestUpdate:
    def test_half_precision(
        self, update: Callable, tmp_path: Path, inferencer: OneShotInferencer, photos: Path
    ) -> None:
        assert update() == IndexReport(7, 0, 0, {})
        size, _, regions = rows(tmp_path / 'lib')['a.png']
        assert size == os.path.getsize(photos / 'a.png')
        expected = inferencer.embed_regions(cv2.imread(str(photos / 'a.png')))
        np.testing.assert_array_equal(np.array(regions, np.float16), expected.astype(np.float16))

    def test_only_what_is_new_or_changed_is_encoded(
        self, update: Callable, photos: Path, scene: object, embedded: list, tmp_path: Path
    ) -> None:
        update()
        before = rows(tmp_path / 'lib')
        del embedded[:]
        assert update() == IndexReport(0, 7, 0, {})
        assert embedded == []
        (photos / "'.png").unlink()
        cv2.imwrite(str(photos / 'a.png'), scene.image[:90])
        shutil.copy(photos / 'b.png', photos / 'new.png')
        assert update() == IndexReport(2, 5, 1, {})
        assert len(embedded) == 2
        after = rows(tmp_path / 'lib')
        assert sorted(after) == ['a.png', 'b.png', 'c.png', 'd.png', 'e.png', 'f.png', 'new.png']
        assert after['a.png'] != before['a.png']
        assert after['new.png'][2] == before['b.png'][2]
        assert all(after[name] == before[name] for name in ('b.png', 'c.png', 'd.png', 'e.png', 'f.png'))

    def test_the_same_size_at_another_time_has_changed(self, update: Callable, photos: Path, embedded: list) -> None:
        update()
        del embedded[:]
        os.utime(photos / 'a.png', ns=(1, 1))
        assert update() == IndexReport(1, 6, 0, {})
        assert len(embedded) == 1

    def test_a_bad_image_stops_nothing(self, update: Callable, photos: Path, tmp_path: Path) -> None:
        content = (photos / 'b.png').read_bytes()
        (photos / 'b.png').write_text('no image')
        report = update()
        assert (report.num_encoded, list(report.errors)) == (6, [str(photos / 'b.png')])
        assert 'b.png is not a readable image' in report.errors[str(photos / 'b.png')]
        (photos / 'b.png').write_bytes(content)
        assert update() == IndexReport(1, 6, 0, {})
        (photos / 'b.png').write_text('no image again')
        report = update()
        assert (report.num_encoded, report.num_kept, report.num_dropped, len(report.errors)) == (0, 6, 1, 1)
        assert 'b.png' not in rows(tmp_path / 'lib')

    def test_a_name_that_is_not_in_utf_8_stops_nothing(self, update: Callable, photos: Path, tmp_path: Path) -> None:
        name = os.fsdecode(b'\xff.png')
        shutil.copy(photos / 'a.png', photos / name)
        message = 'its name is not in UTF-8, as names in an index are; rename it'
        assert update() == IndexReport(7, 0, 0, {str(photos / name): message})
        assert sorted(rows(tmp_path / 'lib')) == sorted(NAMES)

    def test_a_bad_path_stops_nothing_and_drops_nothing(
        self, inferencer: OneShotInferencer, photos: Path, tmp_path: Path
    ) -> None:
        """The drive that images are on may be away for a while."""
        drive = tmp_path / 'drive'
        drive.mkdir()
        shutil.copy(photos / 'a.png', drive / 'z.png')
        build = lambda *inputs: PhotoIndex.build(inferencer, [*inputs], tmp_path / 'lib')[1]  # noqa: E731
        assert build(photos, drive) == IndexReport(8, 0, 0, {})
        drive.rename(tmp_path / 'away')
        report = build(photos, drive)
        assert report == IndexReport(0, 7, 0, {str(drive): f'there is no image or folder {drive}'})
        assert 'z.png' in rows(tmp_path / 'lib')
        assert build(photos) == IndexReport(0, 7, 1, {})

    def test_an_image_that_became_a_pipe_or_points_nowhere(self, update: Callable, photos: Path) -> None:
        update()
        for name in ('a.png', 'b.png'):
            (photos / name).unlink()
        os.mkfifo(photos / 'a.png')
        (photos / 'b.png').symlink_to(photos / 'nowhere.png')
        report = update()
        assert (report.num_encoded, report.num_kept, report.num_dropped) == (0, 5, 2)
        assert report.errors == {
            f'{photos}/a.png': f'{photos}/a.png is no regular file but a pipe, which is not opened',
            f'{photos}/b.png': f'there is no image file {photos}/b.png',
        }

    def test_what_is_too_large(
        self, update: Callable, inferencer: OneShotInferencer, photos: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(inferencer, 'options', replace(inferencer.options, max_pixels=96 * 128))
        report = update()
        assert (report.num_encoded, list(report.errors)) == (6, [f'{photos}/f.png'])
        assert 'f.png has 192x192 pixels (w x h), more than 12288; make it' in report.errors[f'{photos}/f.png']

    def test_too_little_memory(
        self, update: Callable, inferencer: OneShotInferencer, photos: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def embed(image: np.ndarray) -> np.ndarray:
            if image.shape == (192, 192, 3):
                raise MemoryError
            return before(image)

        before = inferencer.embed_regions
        monkeypatch.setattr(inferencer, 'embed_regions', embed)
        assert update().errors == {f'{photos}/f.png': 'it takes more memory than there is; make it smaller'}

    def test_one_process_at_a_time(self, update: Callable, tmp_path: Path) -> None:
        update()
        before = rows(tmp_path / 'lib')
        with (tmp_path / 'lib' / '.lock').open('w') as file:
            lock_file(file, '')
            with pytest.raises(ValueError, match=f'another process writes index {tmp_path}/lib at this moment; wait'):
                update()
        assert rows(tmp_path / 'lib') == before
        assert update() == IndexReport(0, 7, 0, {})

    def test_a_folder_of_something_else_gets_no_lock(self, update: Callable, tmp_path: Path) -> None:
        (tmp_path / 'lib').mkdir()
        (tmp_path / 'lib' / 'file').touch()
        with pytest.raises(ValueError, match='is no index of mmosis'):
            update()
        assert os.listdir(tmp_path / 'lib') == ['file']

    def test_an_image_twice_is_one(self, inferencer: OneShotInferencer, photos: Path, tmp_path: Path) -> None:
        index, report = PhotoIndex.build(inferencer, [photos, photos / 'a.png'], tmp_path / 'lib')
        assert report.num_encoded == len(index) == 7

    def test_a_stop_keeps_what_was_done(
        self, update: Callable, inferencer: OneShotInferencer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr(photo_index, 'BATCH', 2)
        embed, left = inferencer.embed_regions, [6]  # one of them is for the size of vectors

        def stop(image: np.ndarray) -> np.ndarray:
            left[0] -= 1
            if left[0] < 0:
                raise KeyboardInterrupt
            return embed(image)

        monkeypatch.setattr(inferencer, 'embed_regions', stop)
        with pytest.raises(KeyboardInterrupt):
            update()
        monkeypatch.setattr(inferencer, 'embed_regions', embed)
        assert len(rows(tmp_path / 'lib')) == 4
        assert update() == IndexReport(3, 4, 0, {})


KILLED = """
import os, signal, sys
from mmosis.search import OneShotInferencer, PhotoIndex
from mmosis.search.index import photo_index
photo_index.BATCH = 2
put = PhotoIndex._put
def put_and_die(self, encoded):
    put(self, encoded)
    if len(self) >= 4:
        os.kill(os.getpid(), signal.SIGKILL)
PhotoIndex._put = put_and_die
PhotoIndex.build(OneShotInferencer(*sys.argv[1:3], 'cpu'), sys.argv[3], sys.argv[4])
"""


def test_killed_and_resumed_gives_the_same(
    inferencer: OneShotInferencer, weights: str, photos: Path, update: Callable, tmp_path: Path
) -> None:
    run_fresh(KILLED, tmp_path, CONFIG, weights, photos, tmp_path / 'lib', status=-signal.SIGKILL)
    assert len(rows(tmp_path / 'lib')) == 4
    assert update() == IndexReport(3, 4, 0, {})
    PhotoIndex.build(inferencer, photos, tmp_path / 'whole')
    resumed, whole = rows(tmp_path / 'lib'), rows(tmp_path / 'whole')
    assert resumed.keys() == whole.keys()
    for name, (*stamp, regions) in whole.items():
        assert list(resumed[name][:2]) == stamp
        np.testing.assert_allclose(np.array(resumed[name][2], float), np.array(regions, float), atol=2e-3)


class TestErrors:
    def test_another_model(self, inferencer, photos: Path, bank, tmp_path: Path) -> None:
        index, _ = PhotoIndex.build(inferencer, photos, tmp_path / 'lib')
        other = OneShotInferencer(str(CONFIG), write_weights(tmp_path / 'other.pth', seed=1), 'cpu')
        message = r'lib is of another model or of other settings \(they differ in fingerprint\)'
        with pytest.raises(ValueError, match=message):
            PhotoIndex.build(other, photos, tmp_path / 'lib')
        with pytest.raises(ValueError, match=message):
            index.rank(other, bank)
        with pytest.raises(ValueError, match='these references were encoded by another model'):
            index.rank(inferencer, other.encode(cv2.imread(str(photos / 'a.png'))))

    def test_other_settings(self, inferencer, weights: str, photos: Path, tmp_path: Path) -> None:
        PhotoIndex.build(inferencer, photos, tmp_path / 'lib')
        other = OneShotInferencer(str(CONFIG), weights, 'cpu', image_scale=128)
        with pytest.raises(ValueError, match=r'they differ in scale\), whose vectors are not comparable'):
            PhotoIndex.build(other, photos, tmp_path / 'lib')

    def test_tiles_are_of_the_search_alone(
        self, inferencer, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        index, _ = PhotoIndex.build(inferencer, photos, tmp_path / 'lib')
        monkeypatch.setattr(inferencer, 'options', replace(inferencer.options, tile=32))
        monkeypatch.setattr(inferencer, 'search_cfg', dict(inferencer.search_cfg, max_tiles=9))
        index.check(inferencer)
        image = cv2.imread(str(photos / 'a.png'))
        embedded = inferencer.embed_regions(image)
        monkeypatch.undo()
        np.testing.assert_array_equal(embedded, inferencer.embed_regions(image))

    def test_no_index(self, inferencer: OneShotInferencer, photos: Path, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError, match=r'there is no index .*none; mmosis index PHOTOS --out'):
            PhotoIndex.open(tmp_path / 'none')
        for make in (PhotoIndex.open, lambda path: PhotoIndex.build(inferencer, photos, path)):
            with pytest.raises(ValueError, match=r'photos is no index of mmosis; give another folder'):
                make(photos)
        assert sorted(os.listdir(photos)) == sorted(NAMES)

    def test_another_format(self, update: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        update()
        monkeypatch.setattr(photo_index, 'FORMAT', 'mmosis index 2')
        with pytest.raises(ValueError, match="its format is 'mmosis index 1', not 'mmosis index 2'"):
            PhotoIndex.open(tmp_path / 'lib')

    def test_lancedb_is_missing(self, update: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(photo_index, 'find_spec', lambda _: None)
        for make in (update, lambda: PhotoIndex.open(tmp_path)):
            with pytest.raises(ImportError, match=re.escape(f'not installed: {install_hint("index")}')):
                make()
        assert not (tmp_path / 'lib').exists()


def test_a_fraction_is_no_image_more_than_it_says() -> None:
    """0.28 of 25 is 7, which floats make a little more."""

    class Ranked(PhotoIndex):
        def __init__(self) -> None:
            pass

        def __len__(self) -> int:
            return 25

        def rank(self, inferencer: object, bank: object, top: int) -> list[str]:
            return [f'{number}.jpg' for number in range(top)]

    assert len(Ranked().choose(None, None, share=0.28)) == 7
