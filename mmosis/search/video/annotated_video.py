"""AnnotatedVideo: a video of what was found, which is complete after every stop but a kill."""

import errno
import os
from pathlib import Path
from uuid import uuid4

import cv2
import numpy as np

CODEC = 'mp4v'  # MPEG-4, which every OpenCV writes; H.264 is not in all of them


class AnnotatedVideo:
    """An MP4 file that gets its name when the ``with`` block ends, also by an error or a stop.

    Args:
        path: The file; its folder is made if need be.
        fps: Frames a second.
    """

    def __init__(self, path: Path, fps: float) -> None:
        self._path, self._fps = path, fps
        self._part = path.with_name(f'.{uuid4().hex}.part.mp4')  # remove_leftovers() knows these names
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)

    def write(self, frame: np.ndarray) -> None:
        """Add a frame (H, W, 3) RGB; it is resized if the first had another size.

        Raises:
            OSError: If the file cannot be written.
        """
        if self._writer is None:
            self._size = frame.shape[1::-1]
            self._part.parent.mkdir(parents=True, exist_ok=True)
            self._writer = cv2.VideoWriter(str(self._part), cv2.VideoWriter_fourcc(*CODEC), self._fps, self._size)
            if not self._writer.isOpened():
                raise OSError(
                    errno.EIO, f'OpenCV cannot write {self._path}; search with --no-overlays for no annotated video'
                )
        if frame.shape[1::-1] != self._size:
            frame = cv2.resize(frame, self._size, interpolation=cv2.INTER_AREA)
        self._writer.write(np.ascontiguousarray(frame[..., ::-1]))

    def __enter__(self) -> 'AnnotatedVideo':
        return self

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.release()
            if self._part.exists():
                os.replace(self._part, self._path)
