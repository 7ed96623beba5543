"""VideoReader: the frames of a video file or a webcam, one after the other."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import cv2
import numpy as np

from mmosis.search.images import RAISE_LIMIT, check_image
from mmosis.utils.environment import variable_by_default
from mmosis.utils.image import check_regular

VIDEO_EXTENSIONS = ('.mp4', '.avi', '.mov', '.mkv', '.webm')
WEBCAM = 'webcam:'
WEBCAM_FPS = 10.0  # of its annotated video; how many frames a second are searched is known afterwards alone
MAX_FPS = 240.0  # files of browsers state the resolution of their clock instead
LEAST = 0.98  # fraction of the duration that must be read
# Of MP4 and QuickTime, AVI, Matroska and WebM. FFmpeg would take a list of other files under these names too.
_HEADERS = re.compile(rb'....(ftyp|moov|mdat|free|skip|wide|pnot)|RIFF....AVI |\x1a\x45\xdf\xa3', re.DOTALL)


def is_video(path: str | Path) -> bool:
    """Whether it is called like a video, or is a webcam."""
    return is_webcam(path) or Path(path).suffix.lower() in VIDEO_EXTENSIONS


def is_webcam(source: str | Path) -> bool:
    """Whether it is a webcam: ``webcam:0``."""
    return re.fullmatch(rf'{WEBCAM}\d{{1,3}}', str(source), re.ASCII) is not None


class VideoReader:
    """An open video; it is closed by the ``with`` block.

    Args:
        source: A file or ``webcam:0``.
        max_pixels: A video whose frames have more is refused.

    Attributes:
        is_live: Whether it is a webcam.
        fps: Frames a second.
        num_frames: How many there are, as the file says; None where it does not.

    Raises:
        FileNotFoundError: If there is no such file.
        OSError: If there is no such webcam.
        ValueError: If it is no video, has no frame that can be read, or frames that are too large.
    """

    def __init__(self, source: str, max_pixels: int) -> None:
        self.source, self.is_live = source, is_webcam(source)
        self._capture = _open_webcam(source) if self.is_live else _open_file(source)
        width, height = self._number(cv2.CAP_PROP_FRAME_WIDTH), self._number(cv2.CAP_PROP_FRAME_HEIGHT)
        if width * height > max_pixels:
            self._capture.release()
            raise ValueError(
                f'{source} has frames of {width:g}x{height:g} pixels (w x h), more than {max_pixels}; make them '
                f'smaller, or {RAISE_LIMIT}'
            )
        fps = self._number(cv2.CAP_PROP_FPS)
        self.fps = WEBCAM_FPS if self.is_live else fps if 0 < fps <= MAX_FPS else 25.0
        self._seconds = self._number(cv2.CAP_PROP_FRAME_COUNT) / fps if fps > 0 and not self.is_live else 0.0
        self.num_frames = round(self._seconds * self.fps) if self._seconds > 0 else None
        self._read, self._reached = 0, 0.0

    def frames(self, every: int = 1) -> Iterator[tuple[int, np.ndarray]]:
        """Read the frames to the end.

        Args:
            every: Of so many frames the first is given.

        Yields:
            tuple: Number of the frame, from 0, and (H, W, 3) uint8, BGR.

        Raises:
            ValueError: If there is none, or they are too small to show anything.
        """
        while self._capture.grab():
            number, self._read = self._read, self._read + 1
            self._reached = self._number(cv2.CAP_PROP_POS_MSEC) / 1000
            if number % every == 0:
                has_frame, frame = self._capture.retrieve()
                if has_frame:
                    yield number, check_image(frame, f'a frame of {self.source}')
        if not self._read:
            raise ValueError(_no_frame(self.source))

    def describe_loss(self) -> str:
        """Say what could not be read, after the last frame; empty where all was."""
        if self._reached + 2 / self.fps >= LEAST * self._seconds:
            return ''
        return (
            f'{self._read} frames could be read, {self._reached:.1f} of {self._seconds:.1f} seconds: it is damaged or '
            'cut off; what was found in these is kept'
        )

    def __enter__(self) -> 'VideoReader':
        return self

    def __exit__(self, *_: object) -> None:
        self._capture.release()

    def _number(self, which: int) -> float:
        value = self._capture.get(which)
        return value if np.isfinite(value) and value > 0 else 0.0


def read_first_frame(source: str, max_pixels: int) -> np.ndarray:
    """Read the first frame of a video, (H, W, 3) uint8, BGR.

    Raises:
        As :class:`VideoReader`, and if it is a webcam.
    """
    if is_webcam(source):
        raise ValueError('a webcam has no first frame to box an object on; give the reference its image')
    with VideoReader(source, max_pixels) as video:
        return next(video.frames())[1]


def write_frames(source: str, files: Mapping[int, Path], max_pixels: int) -> None:
    """Write frames of a video as JPEG.

    Args:
        source: The video.
        files: Where each of the frames goes, by its number. Those that the video does not have are omitted.
        max_pixels: As of :class:`VideoReader`.

    Raises:
        As :class:`VideoReader`, and OSError if one cannot be written.
    """
    with VideoReader(source, max_pixels) as video:
        for number, frame in video.frames():
            if number in files:
                files[number].parent.mkdir(parents=True, exist_ok=True)
                files[number].write_bytes(cv2.imencode('.jpg', frame)[1].tobytes())


def _open_file(path: str) -> cv2.VideoCapture:
    if not os.path.exists(path):
        raise FileNotFoundError(f'there is no video {path}')
    check_regular(Path(path))
    with open(path, 'rb') as file:
        if not _HEADERS.match(file.read(12)):
            raise ValueError(f'{path} is no video: it begins like none of {", ".join(VIDEO_EXTENSIONS)}')
    capture = _open(path)
    if not capture.isOpened():
        raise ValueError(_no_frame(path))
    return capture


def _open_webcam(source: str) -> cv2.VideoCapture:
    capture = _open(int(source.removeprefix(WEBCAM)))
    if not capture.isOpened():
        raise OSError(f'there is no {source.replace(":", " ")} that this process may read')
    return capture


def _open(source: str | int) -> cv2.VideoCapture:
    """Open a video without lines of OpenCV about backends that do not have it, and of FFmpeg about damaged blocks."""
    level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        with variable_by_default('OPENCV_FFMPEG_LOGLEVEL', '-8'):  # read when the first video is opened
            return cv2.VideoCapture(source)
    finally:
        cv2.utils.logging.setLogLevel(level)


def _no_frame(path: str) -> str:
    return f'{path} has no frame that can be read: it is damaged, cut off, or of a codec that OpenCV lacks'
