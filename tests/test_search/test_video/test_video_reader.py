"""What is a video, and what is read of one."""

import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from moving_squares import COLOURS, FPS, NUM_FRAMES, SIZE, write_video

from mmosis.search.video.annotated_video import AnnotatedVideo
from mmosis.search.video.video_reader import VideoReader, is_video, read_first_frame

MAX = 10**6


@pytest.mark.parametrize(
    ('name', 'codec'), [('a.mp4', 'mp4v'), ('a.AVI', 'MJPG'), ('a.mov', 'mp4v'), ('a.mkv', 'mp4v'), ('a.webm', 'VP80')]
)
def test_files(tmp_path: Path, name: str, codec: str) -> None:
    path = write_video(tmp_path / name, codec)
    assert is_video(path)
    with VideoReader(str(path), MAX) as video:
        assert (video.fps, video.num_frames, video.is_live) == (FPS, NUM_FRAMES, False)
        frames = list(video.frames(every=3))
        assert video.describe_loss() == ''
    assert [number for number, _ in frames] == list(range(0, NUM_FRAMES, 3))
    assert {frame.shape for _, frame in frames} == {(*SIZE, 3)}
    x, y = 5 + 3 * 3 + 10, 20  # the middle of the first square
    assert np.abs(frames[1][1][y, x].astype(int) - COLOURS[0]).max() < 40


def test_what_is_none() -> None:
    assert not any(map(is_video, ('a.jpg', 'mp4', 'webcam:', 'webcam:x', 'webcam:1234', '0')))
    assert is_video('webcam:0')


def test_the_first_frame(tmp_path: Path) -> None:
    path = write_video(tmp_path / 'a.mp4')
    assert read_first_frame(str(path), MAX).shape == (*SIZE, 3)
    with pytest.raises(ValueError, match='a webcam has no first frame to box an object on; give the reference its im'):
        read_first_frame('webcam:0', MAX)
    with pytest.raises(FileNotFoundError, match=r'there is no video none\.mp4'):
        read_first_frame('none.mp4', MAX)


def test_a_header_and_no_frames(tmp_path: Path) -> None:
    content = write_video(tmp_path / 'a.avi', 'MJPG').read_bytes()
    (tmp_path / 'a.avi').write_bytes(content[: content.index(b'movi') + 4])
    with pytest.raises(ValueError, match=r'a\.avi has no frame that can be read: it is damaged, cut off, or of a code'):
        read_first_frame(str(tmp_path / 'a.avi'), MAX)


def test_nobody_hears_of_damage(tmp_path: Path) -> None:
    """FFmpeg would write a line for each block; OpenCV reads how much it may when a process opens its first video."""
    content = bytearray(write_video(tmp_path / 'a.mp4').read_bytes())
    content[1000:2500] = bytes(1500)
    (tmp_path / 'a.mp4').write_bytes(content)
    script = f"""
import os
from mmosis.search.video.video_reader import VideoReader
with VideoReader({str(tmp_path / 'a.mp4')!r}, {MAX}) as video:
    print(len(list(video.frames())), 'OPENCV_FFMPEG_LOGLEVEL' in os.environ)
"""
    done = subprocess.run([sys.executable, '-c', script], capture_output=True, text=True, check=True)
    assert done.stderr == ''
    assert re.fullmatch(r'\d+ False\n', done.stdout)


def test_an_annotated_video_takes_frames_of_any_size(tmp_path: Path) -> None:
    with AnnotatedVideo(tmp_path / 'deep' / 'a.mp4', 5.0) as video:
        for height in (61, 40, 90):
            video.write(np.zeros((height, 81, 3), np.uint8))
    with VideoReader(str(tmp_path / 'deep' / 'a.mp4'), MAX) as read:
        assert len(list(read.frames())) == 3
    assert [path.name for path in (tmp_path / 'deep').iterdir()] == ['a.mp4']


def test_an_annotated_video_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2.VideoWriter, 'isOpened', lambda _: False)
    with (
        pytest.raises(OSError, match=r'OpenCV cannot write .*a\.mp4; search with --no-overlays for no annotated video'),
        AnnotatedVideo(tmp_path / 'a.mp4', 5.0) as video,
    ):
        video.write(np.zeros((60, 80, 3), np.uint8))
