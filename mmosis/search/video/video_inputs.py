"""Videos among what is to be searched: which may be, what they are called, how many frames they have."""

from collections.abc import Sequence

from mmosis.search.options import SearchOptions

from .tracks import require_trackers
from .video_reader import WEBCAM, VideoReader, is_video, is_webcam


def check_videos(images: Sequence[str], options: SearchOptions, elsewhere: bool) -> bool:
    """Refuse videos that cannot be searched as it is asked for.

    Args:
        images: What is to be searched.
        options: How.
        elsewhere: Whether other processes are to search it.

    Returns:
        bool: Whether it is a webcam.

    Raises:
        ImportError: If there are to be tracks, and ``trackers`` is not installed.
        ValueError: If a webcam is not alone, a video is to be searched elsewhere, or there is none to make tracks in.
    """
    videos = [image for image in images if is_video(image)]
    is_live = any(map(is_webcam, videos))
    if is_live and len(images) > 1:
        raise ValueError(f'a webcam goes on until it is stopped: search it without the {len(images) - 1} others')
    if videos and elsewhere:
        raise ValueError(f'{videos[0]} is a video, whose frames one process searches in their order; omit --ray')
    if options.track:
        if not videos:
            raise ValueError('there is no video to make tracks in; omit --track')
        require_trackers()
    return is_live


def file_of(image: str) -> str:
    """What an image is called among files; a webcam has no file."""
    return image.replace(WEBCAM, 'webcam') if is_webcam(image) else image


def count_views(todo: Sequence[tuple[str, str]], options: SearchOptions) -> int:
    """Count images, frames and ends of videos; 0 if nobody knows.

    Args:
        todo: Files and their names.
        options: How they are searched.
    """
    counts = [_count_frames(file, options) if is_video(file) else 1 for file, _ in todo]
    return sum(counts) if all(counts) else 0


def _count_frames(video: str, options: SearchOptions) -> int:
    if is_webcam(video):
        return 0
    try:
        with VideoReader(video, options.max_pixels) as opened:
            return -(-opened.num_frames // options.every) + 1 if opened.num_frames else 0
    except (OSError, ValueError):
        return 1  # which is reported when it is searched
