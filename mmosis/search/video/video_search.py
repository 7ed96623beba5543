"""search_video: search the frames of a video by what searches an image, and draw what was found."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path

import numpy as np

from mmosis.search.exports.coco_export import read_record
from mmosis.search.options import SearchOptions
from mmosis.search.overlay import draw_search
from mmosis.search.reference_bank import ReferenceBank
from mmosis.utils.errors import TOO_LITTLE, is_memory_error

from .annotated_video import AnnotatedVideo
from .tracks import ObjectTracker
from .video_reader import VideoReader

Search = Callable[[np.ndarray, str], dict]  # an image and its name: the record of what was found in it


def frame_name(video: str, number: int) -> str:
    """Name a frame of a video in the COCO file."""
    return f'{video}/{number:06}.jpg'


def search_video(
    source: str,
    name: str,
    search: Search,
    done: Mapping[str, dict],
    bank: ReferenceBank,
    overlay: Path | None,
    options: SearchOptions,
) -> Iterator[dict]:
    """Search every n-th frame of a video, one after the other.

    What was done before a stop is read again, for the annotated video and the tracks, and not searched again.

    Args:
        source: A file, or ``webcam:0``.
        name: Of the video in the COCO file.
        search: What searches an image.
        done: Records of frames that were searched before, by name.
        bank: What is searched for.
        overlay: File of the annotated video, or None.
        options: How.

    Yields:
        dict: The record of a frame as ``search`` makes it, with ``frame``, its number, ``fps`` of the video, and maybe
        a ``track_id`` of objects; last a record of the video, with the number of its ``frames``, or its ``error``.

    Raises:
        OSError: If the annotated video cannot be written.
    """
    try:
        video = VideoReader(source, options.max_pixels)
    except (OSError, ValueError) as error:
        yield dict(file_name=name, error=str(error))
        return
    fps = video.fps if video.is_live else video.fps / options.every
    tracker = ObjectTracker(fps, options.score_thr) if options.track else None
    num_frames, failed, thumbnails = 0, 0, bank.wanted_thumbnails()
    with video, AnnotatedVideo(overlay, fps) if overlay else nullcontext() as annotated:
        try:
            for number, frame in video.frames(options.every):
                frame_id = frame_name(name, number)
                record = done.get(frame_id) or _search_frame(frame, frame_id, search)
                num_frames, failed = num_frames + 1, failed + (record is None)
                if record is None:
                    continue
                if tracker is not None:
                    tracker.update([*record['found'], *record.get('weak', ())])
                if frame_id not in done:
                    yield dict(record, frame=number, fps=round(video.fps, 3))
                if annotated is not None:
                    annotated.write(draw_search(frame[..., ::-1], read_record(record), bank.names, thumbnails))
        except ValueError as error:
            yield dict(file_name=name, error=str(error))
            return
        loss = video.describe_loss()
    errors = [loss] * bool(loss) + [f'{failed} of its {num_frames} frames: {TOO_LITTLE}'] * bool(failed)
    yield dict(file_name=name, error='; '.join(errors)) if errors else dict(file_name=name, frames=num_frames)


def _search_frame(frame: np.ndarray, name: str, search: Search) -> dict | None:
    """Search a frame; None where there is too little memory."""
    try:
        return search(frame, name)
    except Exception as error:
        if is_memory_error(error):
            return None
        raise
