"""Videos are searched frame by frame, as images are: what is written, and how it goes on after a stop."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmdet.datasets.base_video_dataset import BaseVideoDataset
from moving_squares import CLASSES, FPS, NUM_FRAMES, SquareFinder, make_bank, write_video
from pycocotools.coco import COCO

from mmosis.search import SearchOptions, search_images
from mmosis.search.exports.export_content import ExportContent
from mmosis.search.folders.export_folder import export_search
from mmosis.search.folders.folder_search import SearchReport
from mmosis.search.video.tracks import ObjectTracker
from mmosis.search.video.video_inputs import count_views

OPTIONS = SearchOptions(overlays=False)


@pytest.fixture
def finder() -> SquareFinder:
    return SquareFinder()


@pytest.fixture
def run(finder: SquareFinder, tmp_path: Path) -> Callable[..., SearchReport]:
    def run(*inputs: str | Path, resume: bool = False, out: str = 'out', **changes: object) -> SearchReport:
        options = replace(OPTIONS, **changes)
        return search_images(finder, list(inputs), make_bank(), tmp_path / out, options, resume)

    return run


@pytest.fixture(scope='module')
def _clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp('clips') / 'clip.mp4')


@pytest.fixture
def clip(tmp_path: Path, _clip: Path) -> Path:
    return Path(shutil.copy(_clip, tmp_path))


def read(folder: Path) -> dict:
    return json.loads((folder / 'annotations.json').read_text())


def read_frames(path: Path) -> list[np.ndarray]:
    capture, frames = cv2.VideoCapture(str(path)), []
    while True:
        has_frame, frame = capture.read()
        if not has_frame:
            return frames
        frames.append(frame)


class TestOutput:
    def test_a_coco_file_with_videos(self, run: Callable, clip: Path) -> None:
        report = run(clip)
        assert (report.num_images, report.num_found, report.errors) == (NUM_FRAMES, 3 * NUM_FRAMES, {})
        coco = COCO(str(report.annotations))
        assert coco.dataset['videos'] == [dict(id=1, name='clip.mp4', width=160, height=120, fps=FPS)]
        names = [f'clip.mp4/{number:06}.jpg' for number in range(NUM_FRAMES)]
        assert [image['file_name'] for image in coco.dataset['images']] == names
        assert [image['frame_id'] for image in coco.dataset['images']] == list(range(NUM_FRAMES))
        assert {image['video_id'] for image in coco.dataset['images']} == {1}
        assert 'track_id' not in coco.dataset['annotations'][0]

    def test_weak_objects_are_tracked_and_not_written(
        self, run: Callable, clip: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tracked: list[int] = []
        monkeypatch.setattr(ObjectTracker, 'update', lambda _, rows: tracked.append(len(rows)))
        report = run(clip, track=True, score_thr=0.85)
        assert report.num_found == 2 * NUM_FRAMES
        assert tracked == [3] * NUM_FRAMES

    @pytest.mark.parametrize(('format', 'place'), [('yolo', 'images'), ('coco', 'images/default'), ('labelme', '.')])
    def test_frames_are_exported(
        self, finder: SquareFinder, clip: Path, tmp_path: Path, format: str, place: str
    ) -> None:
        options = replace(OPTIONS, every=13)
        report = search_images(finder, [clip], make_bank(), tmp_path / 'out', options, format=format)
        frames = sorted(path for path in (report.export / place / 'clip.mp4').iterdir() if path.suffix == '.jpg')
        assert [path.name for path in frames] == ['000000.jpg', '000013.jpg', '000026.jpg', '000039.jpg']
        difference = cv2.imread(str(frames[1])).astype(int) - read_frames(clip)[13]
        assert np.abs(difference).mean() < 2  # by JPEG

    def test_frames_of_a_video_that_is_gone_are_not(self, tmp_path: Path) -> None:
        content = ExportContent(
            [dict(file_name='gone.mp4/000000.jpg', frame=0, height=9, width=9, found=[])], list(CLASSES)
        )
        export_search(tmp_path / 'yolo', content, tmp_path, OPTIONS.max_pixels)
        assert sorted(path.name for path in (tmp_path / 'yolo').iterdir()) == ['data.yaml', 'labels']

    def test_mmdet_reads_it(self, run: Callable, clip: Path) -> None:
        report = run(clip, track=True)
        dataset = BaseVideoDataset(
            ann_file=str(report.annotations), metainfo=dict(classes=CLASSES), pipeline=[], lazy_init=True
        )
        (video,) = dataset.load_data_list()
        assert video['video_length'] == NUM_FRAMES
        assert [image['frame_id'] for image in video['images']] == list(range(NUM_FRAMES))
        assert {each['instance_id'] for image in video['images'] for each in image['instances']} == {1, 2, 3}

    def test_every_fifth_frame(self, run: Callable, clip: Path, tmp_path: Path) -> None:
        assert run(clip, every=5, overlays=True).num_images == NUM_FRAMES / 5
        assert [image['frame_id'] for image in read(tmp_path / 'out')['images']] == list(range(0, NUM_FRAMES, 5))
        capture = cv2.VideoCapture(str(tmp_path / 'out' / 'overlays' / 'clip.mp4'))
        assert capture.get(cv2.CAP_PROP_FPS) == FPS / 5
        assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == NUM_FRAMES / 5

    def test_the_annotated_video(self, run: Callable, clip: Path, tmp_path: Path) -> None:
        """It has the frames, with something drawn where the squares are."""
        run(clip, overlays=True, track=True)
        drawn = read_frames(tmp_path / 'out' / 'overlays' / 'clip.mp4')
        assert len(drawn) == NUM_FRAMES
        assert drawn[0].shape == (480, 640, 3)
        plain = [cv2.resize(frame, (640, 480)) for frame in read_frames(clip)]
        changed = [np.abs(a.astype(int) - b).max(2) > 60 for a, b in zip(drawn, plain, strict=True)]
        assert all(0.002 < each.mean() < 0.3 for each in changed)

    def test_beside_images_in_their_order(self, run: Callable, clip: Path, tmp_path: Path) -> None:
        for name in ('a.png', 'z.png'):
            cv2.imwrite(str(tmp_path / name), np.zeros((60, 80, 3), np.uint8))
        run(tmp_path / 'a.png', clip, tmp_path / 'z.png', every=10)
        coco = read(tmp_path / 'out')
        names = [image['file_name'] for image in coco['images']]
        assert names == ['a.png', *(f'clip.mp4/0000{number}.jpg' for number in ('00', '10', '20', '30')), 'z.png']
        assert ['video_id' in image for image in coco['images']] == [False, *[True] * 4, False]

    def test_a_pattern_names_videos_and_a_folder_does_not(self, run: Callable, clip: Path, tmp_path: Path) -> None:
        assert run(f'{tmp_path}/*.mp4').num_images == NUM_FRAMES
        with pytest.raises(ValueError, match=r'has no images \(it has 1 \.mp4, 1 folder\(s\) of results\)'):
            run(tmp_path)

    def test_polygons_are_drawn_too(self, run: Callable, clip: Path, tmp_path: Path) -> None:
        run(clip, overlays=True, polygons=True, every=20)
        assert len(read_frames(tmp_path / 'out' / 'overlays' / 'clip.mp4')) == 2

    def test_crops(self, run: Callable, clip: Path, tmp_path: Path) -> None:
        run(clip, crops=True, every=20)
        crops = tmp_path / 'out' / 'crops'
        names = sorted(path.relative_to(crops).as_posix() for path in crops.rglob('*.png'))
        assert names[:3] == [
            f'{name}-{number}.png'
            for name, number in (
                ('green/clip.mp4/000000.jpg', 3),
                ('green/clip.mp4/000020.jpg', 3),
                ('red/clip.mp4/000000.jpg', 1),
            )
        ]
        assert len(names) == 6


class TestResume:
    def test_a_stop_loses_no_frame(self, run: Callable, finder: SquareFinder, clip: Path, tmp_path: Path) -> None:
        run(clip, overlays=True, track=True, out='whole')
        finder.stop_after(15)
        with pytest.raises(KeyboardInterrupt):
            run(clip, overlays=True, track=True)
        assert len(read(tmp_path / 'out')['images']) == 15
        assert len(read_frames(tmp_path / 'out' / 'overlays' / 'clip.mp4')) == 15
        finder.stop_after(None)
        assert run(clip, overlays=True, track=True, resume=True).num_images == NUM_FRAMES
        assert finder.num_searched == NUM_FRAMES - 15
        assert read(tmp_path / 'out') == read(tmp_path / 'whole')
        assert len(read_frames(tmp_path / 'out' / 'overlays' / 'clip.mp4')) == NUM_FRAMES

    def test_what_a_kill_left_is_removed(self, run: Callable, clip: Path, tmp_path: Path) -> None:
        run(clip, overlays=True)
        (tmp_path / 'out' / 'overlays' / f'.{32 * "a"}.part.mp4').touch()
        run(clip, overlays=True, resume=True)
        assert [path.name for path in (tmp_path / 'out' / 'overlays').iterdir()] == ['clip.mp4']

    def test_nothing_is_left_to_do(self, run: Callable, finder: SquareFinder, clip: Path) -> None:
        run(clip)
        finder.stop_after(None)
        assert run(clip, resume=True).num_images == NUM_FRAMES
        assert finder.num_searched == 0

    def test_images_join(self, run: Callable, clip: Path, tmp_path: Path) -> None:
        run(clip)
        (tmp_path / 'others').mkdir()
        cv2.imwrite(str(tmp_path / 'others' / 'a.png'), np.zeros((60, 80, 3), np.uint8))
        report = run(tmp_path / 'others' / 'a.png', resume=True)
        assert (report.num_kept, report.num_added) == (NUM_FRAMES, 1)
        assert len(read(tmp_path / 'out')['images']) == NUM_FRAMES + 1

    def test_only_the_same_frames(self, run: Callable, clip: Path) -> None:
        run(clip)
        with pytest.raises(ValueError, match='is of a search that differs in every, track; resume with the same'):
            run(clip, every=2, track=True, resume=True)


class TestBadVideos:
    """None stops the search of the others, and what could be read is kept."""

    def test_one_that_is_cut_off(self, run: Callable, tmp_path: Path) -> None:
        whole = write_video(tmp_path / 'clip.avi', 'MJPG').read_bytes()
        (tmp_path / 'clip.avi').write_bytes(whole[: len(whole) // 2])
        for resume in (False, True):
            report = run(tmp_path / 'clip.avi', resume=resume)
            assert 10 < report.num_images < 30
            assert list(report.errors) == ['clip.avi']
            assert 'seconds: it is damaged or cut off; what was found in these is kept' in report.errors['clip.avi']

    def test_those_that_give_nothing(self, run: Callable, clip: Path, tmp_path: Path) -> None:
        content = clip.read_bytes()
        (tmp_path / 'cut.mp4').write_bytes(content[: len(content) // 2])
        (tmp_path / 'text.mp4').write_text('#EXTM3U\n#EXTINF:5,\n/etc/passwd\n')
        report = run(tmp_path / 'cut.mp4', clip, tmp_path / 'text.mp4', tmp_path / 'none.mkv')
        assert report.num_images == NUM_FRAMES
        assert report.errors == {
            'cut.mp4': f'{tmp_path}/cut.mp4 has no frame that can be read: it is damaged, cut off, or of a codec that '
            'OpenCV lacks',
            'text.mp4': f'{tmp_path}/text.mp4 is no video: it begins like none of .mp4, .avi, .mov, .mkv, .webm',
            f'{tmp_path}/none.mkv': f'there is no image or folder {tmp_path}/none.mkv',
        }

    def test_frames_that_are_too_large(self, run: Callable, clip: Path) -> None:
        report = run(clip, max_pixels=160 * 119)
        assert 'has frames of 160x120 pixels (w x h), more than 19040; make them smaller' in report.errors['clip.mp4']

    def test_too_little_memory(self, run: Callable, finder: SquareFinder, clip: Path) -> None:
        finder.fail_at(3, MemoryError())
        report = run(clip)
        assert report.num_images == NUM_FRAMES - 1
        assert report.errors == {'clip.mp4': '1 of its 40 frames: it takes more memory than there is; make it smaller'}
        assert run(clip, resume=True).errors == {}
        assert len(read(report.annotations.parent)['images']) == NUM_FRAMES

    def test_a_defect_is_not_hidden(self, run: Callable, finder: SquareFinder, clip: Path) -> None:
        finder.fail_at(3, RuntimeError('a defect'))
        with pytest.raises(RuntimeError, match='a defect'):
            run(clip)

    def test_a_list_names_one_that_is_not_there(self, run: Callable, clip: Path, tmp_path: Path) -> None:
        (tmp_path / 'all.txt').write_text('clip.mp4\nnone.mp4\n')
        assert run(tmp_path / 'all.txt').errors == {'none.mp4': f'there is no video {tmp_path}/none.mp4'}


class TestWebcam:
    @pytest.fixture
    def webcam(self, monkeypatch: pytest.MonkeyPatch, clip: Path) -> list:
        """A webcam that shows a clip."""
        opened, open_capture = [], cv2.VideoCapture

        def open_webcam(source: str | int) -> cv2.VideoCapture:
            opened.append(source)
            return open_capture(str(clip) if source == 0 else source)

        monkeypatch.setattr(cv2, 'VideoCapture', open_webcam)
        return opened

    @pytest.mark.parametrize('name', ['0', 'webcam:0'])
    def test_a_stop_ends_it(self, run: Callable, finder: SquareFinder, webcam: list, tmp_path: Path, name: str) -> None:
        finder.stop_after(12)
        report = run(name, overlays=True, track=True)
        assert (report.num_images, report.errors, webcam) == (12, {}, [0])
        coco = read(tmp_path / 'out')
        assert coco['videos'] == [dict(id=1, name='webcam0', width=160, height=120, fps=10.0)]
        assert coco['images'][3]['file_name'] == 'webcam0/000003.jpg'
        assert len(read_frames(tmp_path / 'out' / 'overlays' / 'webcam0.mp4')) == 12
        with pytest.raises(ValueError, match='what a webcam showed before is gone, it cannot be resumed; write to'):
            run(name, overlays=True, track=True, resume=True)

    def test_none_is_there(self, run: Callable) -> None:
        assert run('webcam:77').errors == {'webcam77': 'there is no webcam 77 that this process may read'}

    def test_only_by_itself(self, run: Callable, clip: Path, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match='a webcam goes on until it is stopped: search it without the 1 others'):
            run('0', clip)
        assert not (tmp_path / 'out').exists()


def test_other_processes_take_no_video(finder: SquareFinder, clip: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r'clip\.mp4 is a video, whose frames one process searches in their order'):
        search_images(finder, clip, make_bank(), tmp_path / 'out', OPTIONS, executor=lambda *_: iter(()))


def test_tracks_without_a_video(run: Callable, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / 'a.png'), np.zeros((60, 80, 3), np.uint8))
    with pytest.raises(ValueError, match='there is no video to make tracks in; omit --track'):
        run(tmp_path / 'a.png', track=True)


def test_how_many_there_are_to_search(clip: Path) -> None:
    """The record of a video's end counts; nobody knows how long a webcam goes on."""
    todo = [('a.png', 'a.png'), (str(clip), 'clip.mp4'), ('none.mp4', 'none.mp4')]
    assert count_views(todo, replace(OPTIONS, every=7)) == 1 + (6 + 1) + 1
    assert count_views([('webcam:0', 'webcam0')], OPTIONS) == 0
